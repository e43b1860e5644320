"""How often one may try to log in, sign up or have a password reset, and how long the answer takes (SURVIVE S5, S6)."""

import time
from collections.abc import Callable
from typing import Any

from allauth.account.internal.stagekit import unstash_login
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from marketplace.api.problems import problem_of
from marketplace.api.throttling import account_of, address_of, throttle
from marketplace.errors import MarketError

# View → scope in settings.THROTTLES, and the field that names the account; without one it is who is logged in, or is
# halfway there.
FORMS = {
    "account_login": ("login", "login"),
    "account_reauthenticate": ("login", ""),
    "account_reauthenticate_by_mail": ("second_factor", ""),
    "account_signup": ("signup", "email"),
    "socialaccount_signup": ("signup", "email"),
    "account_reset_password": ("password_reset", "email"),
    "account_reset_password_from_key": ("password_reset", ""),
    "mfa_authenticate": ("second_factor", ""),
    "mfa_reauthenticate": ("second_factor", ""),
    "mfa_reauthenticate_webauthn": ("second_factor", ""),
    "mfa_login_webauthn": ("second_factor", ""),
}


class AccountLimitsMiddleware:
    """Counts what is posted to these forms by address and by account, before anything looks at a password.

    Whether the account exists is not asked, and the answer comes at a whole multiple of ACCOUNT_ANSWER_SECONDS: neither
    the limit nor the time tells who has an account here.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        response = self.get_response(request)
        beat = settings.ACCOUNT_ANSWER_SECONDS
        if beat and getattr(request, "is_paced", False):
            time.sleep(beat - (time.monotonic() - began) % beat)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        form = FORMS.get(match.view_name) if match and request.method == "POST" else None
        if form is None:
            return None
        scope, field = form
        account = request.POST.get(field, "") if field else _account_of(request)
        accounts = [(f"{scope}_account", account_of(account))] if account else []
        try:
            throttle(request, scope, address_of(request), *accounts)
        except MarketError as refusal:
            return _refuse(request, refusal)
        request.is_paced = True  # type: ignore[attr-defined]
        return None


def _account_of(request: HttpRequest) -> str:
    """The address of the person who is logged in, or has given the password and not yet the second factor."""
    login = None if request.user.is_authenticated else unstash_login(request, peek=True)
    return getattr(login.user if login else request.user, "email", "")


def _refuse(request: HttpRequest, refusal: MarketError) -> HttpResponse:
    response = render(request, "refusal.html", {"problem": problem_of(refusal)}, status=refusal.status)
    for name, value in refusal.headers.items():
        response[name] = value
    return response
