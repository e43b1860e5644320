"""What we ask of allauth beyond its settings."""

from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from agents.reauthentication import has_just_proven
from marketplace.api.throttling import address_of
from marketplace.encryption import decrypt, encrypt

logger = structlog.get_logger(__name__)


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
        """Not of somebody who has logged in a moment ago."""
        return bool(super().is_reauthentication_required(app=app)) and not has_just_proven(context.request)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Second factors whose secrets are encrypted at rest."""

    def encrypt(self, text: str) -> str:
        return encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text.encode()).decode()
