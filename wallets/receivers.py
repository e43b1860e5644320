"""What a wallet does when somebody joins."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.dispatch import receiver

from wallets.services import grant_signup_bonus


@receiver(email_confirmed)
def welcome(email_address: EmailAddress, **_: Any) -> None:
    """A person has shown that the address is theirs: the bonus, if there is one."""
    grant_signup_bonus(agent=email_address.user.agent)
