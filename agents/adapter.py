"""What we ask of allauth beyond its settings."""

from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core import context
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from agents.reauthentication import has_just_proven
from marketplace.api.throttling import address_of
from marketplace.encryption import decrypt, encrypt

logger = structlog.get_logger(__name__)

LONGEST_NAME = 100


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in and sign-up as everybody has them, except where an address is not one or a mail does not go."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that all limits count by."""
        return address_of(request)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Sends it; a failing mail server is our trouble, and answers the same whoever has an account (SURVIVE S5)."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as error:
            logger.error("account_mail_not_sent", template=template_prefix, error=f"{type(error).__name__}: {error}")

    def is_safe_url(self, url: str) -> bool:
        """Whether to go there after login; what cannot be read as an address is not safe."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not of somebody who has logged in a moment ago.

        Of people with neither password nor second factor allauth asks nothing at all, so it does not come to that.
        """
        if not super().is_reauthentication_required(app=app) or has_just_proven(context.request):
            return False
        if not get_reauthentication_flows(context.request.user):
            raise ReauthenticationRequired()
        return True

    def get_reauthentication_methods(self, user: AbstractBaseUser | AnonymousUser) -> list[dict[str, Any]]:
        """A code by mail where there is nothing else."""
        by_mail = {
            "id": "reauthenticate:mail",
            "description": _("Use a code by mail"),
            "url": reverse("account_reauthenticate_by_mail"),
        }
        return super().get_reauthentication_methods(user) or ([by_mail] if user.is_authenticated else [])


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Sign-up by another site, which proposes the name that people are then asked for."""

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> Any:
        user = super().populate_user(request, sociallogin, data)
        parts = (data.get("first_name"), data.get("last_name"))
        # Until the form is sent the person waits in the session, which takes no default of the database.
        user.date_joined = timezone.now()
        user.name = (data.get("name") or " ".join(filter(None, parts)))[:LONGEST_NAME]
        return user

    def get_signup_form_initial_data(self, sociallogin: SocialLogin) -> dict[str, Any]:
        return {**super().get_signup_form_initial_data(sociallogin), "name": sociallogin.user.name}


class SecondFactorAdapter(DefaultMFAAdapter):
    """Second factors whose secrets are encrypted at rest."""

    def encrypt(self, text: str) -> str:
        return encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text.encode()).decode()
