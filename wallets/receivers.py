"""What a wallet does when somebody joins."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest

from agents.models import Agent
from agents.services import agent_registered
from marketplace.api.throttling import address_of
from wallets.services import grant_signup_bonus, provision_wallet


@receiver(email_confirmed)
def welcome(request: HttpRequest | None, email_address: EmailAddress, **_: Any) -> None:
    """A person has shown that the address is theirs: the bonus, if there is one."""
    grant_signup_bonus(agent=email_address.user.agent, source=address_of(request) if request else "")


@receiver(agent_registered)
def equip(agent: Agent, source: str, **_: Any) -> None:
    """An agent that registered itself: an address to pay in at, and the bonus, if there is one."""
    provision_wallet(agent=agent, actor=agent)
    grant_signup_bonus(agent=agent, amount=settings.AGENT_BONUS, source=source)
