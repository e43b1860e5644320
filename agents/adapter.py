"""What we ask of allauth beyond its settings."""

from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from marketplace.api.throttling import address_of

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
