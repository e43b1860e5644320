"""When people get the handle that is made from their name."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed, user_signed_up
from django.dispatch import receiver

from agents.handles.services import settle_handle
from agents.models import User


@receiver(email_confirmed)
def settle_when_confirmed(email_address: EmailAddress, **_: Any) -> None:
    """With the first address, before they ever were in: a second one changes no handle."""
    if email_address.user.last_login is None:
        settle_handle(agent=email_address.user.agent)


@receiver(user_signed_up)
def settle_when_known(user: User, **_: Any) -> None:
    """Where another site has confirmed the address already."""
    if EmailAddress.objects.filter(user=user, verified=True).exists():
        settle_handle(agent=user.agent)
