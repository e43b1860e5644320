"""A code by mail: the proof of who it is for people who have neither a password nor a second factor here.

Whoever signs in through another site alone would otherwise have nothing to show once more.
"""

import secrets
import time
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.views import BaseReauthenticateView
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.hashers import check_password, make_password
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

METHOD = "mailed_code"
KEPT_AS = "mailed_code"
LASTS_SECONDS = 600
MOST_TRIES = 5
DIGITS = 6


def send_code(request: HttpRequest) -> None:
    """Mails a new code to the person's address; the one before is worth nothing any more."""
    user: Any = request.user
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    kept = {"hash": make_password(code), "user": user.pk, "ends": time.time() + LASTS_SECONDS, "tries": MOST_TRIES}
    request.session[KEPT_AS] = kept
    get_adapter(request).send_mail("account/email/reauthentication_code", user.email, {"code": code, "user": user})


def has_code(request: HttpRequest) -> bool:
    """Whether a code is on its way to the person that can still be typed."""
    kept = request.session.get(KEPT_AS, {})
    return kept.get("user") == request.user.pk and kept["tries"] > 0 and kept["ends"] > time.time()


def take_code(request: HttpRequest, code: str) -> bool:
    """Whether it is the one that was mailed, which is used up by this; a wrong one takes a try away."""
    if not has_code(request):
        return False
    kept = request.session[KEPT_AS]
    is_right = check_password(code.replace(" ", ""), kept["hash"])
    kept["tries"] = 0 if is_right else kept["tries"] - 1
    request.session.modified = True
    return is_right


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=20,
        label=gettext_lazy("Code"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if not take_code(self.request, code):
            raise forms.ValidationError(
                _("This is not the code, or it has ended. Check the newest mail, or have a new one sent.")
            )
        return code


@method_decorator(login_required, name="dispatch")
class MailedCodeView(BaseReauthenticateView):
    """Sends a code when asked to, then asks for it; what was begun goes on."""

    form_class = CodeForm
    template_name = "account/reauthenticate_code.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "is_sent": has_code(self.request)}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "send" not in request.POST:
            return super().post(request, *args, **kwargs)
        send_code(request)
        messages.success(request, _("A code is on its way to %(address)s.") % {"address": request.user.email})  # type: ignore[union-attr]
        return HttpResponseRedirect(self.passthrough_next_url(request.path))

    def form_valid(self, form: CodeForm) -> HttpResponse:
        record_authentication(self.request, self.request.user, method=METHOD, reauthenticated=True)
        response: HttpResponse = super().form_valid(form)
        return response
