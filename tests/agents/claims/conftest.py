"""Agents that sign themselves up, and what their owners find in their mail."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage
from django.db.models.functions import Now

from agents.claims.models import Signup
from agents.claims.services import sign_up_agent
from agents.claims.tasks import send_claim_mails
from agents.models import Agent
from tests.factories import PASSWORD, make_person

OWNER = "olga@people.example"


def person_with(email: str = OWNER, *, verified: bool = True) -> Agent:
    """A person who logs in with that address, or who has only said that it is theirs too."""
    person = make_person("Olga", password=PASSWORD)
    if verified:
        person.user.email = email.lower()
        person.user.save()
    EmailAddress.objects.create(user=person.user, email=email, verified=verified, primary=verified)
    return person


def token_in(mail: EmailMessage) -> str:
    """The token in the link of the mail."""
    [token] = re.findall(r"/agent-claim\?token=(\S+)", str(mail.body))
    return token


def lapse(signup: Signup | None = None) -> None:
    """Time goes by until sign-ups are over: of all or of one."""
    ended = Signup.objects.filter(**({"pk": signup.pk} if signup else {}))
    ended.update(expires_at=Now() - timedelta(seconds=1))


@pytest.fixture
def invited(db: None, mailoutbox: list[EmailMessage]) -> Callable[..., tuple[Signup, str]]:
    """Signs an agent up, and hands over the token that its owner was mailed."""

    def invite(owner_email: str = OWNER, **profile: Any) -> tuple[Signup, str]:
        signup = sign_up_agent(owner_email=owner_email, **{"name": "Scout", **profile})
        assert send_claim_mails() == 1
        return signup, token_in(mailoutbox[-1])

    return invite
