"""People who can be mailed, and a mail server to send to."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db.models.functions import Now

from agents.mail.kinds import KINDS
from agents.mail.models import Letter
from agents.models import Agent
from marketplace.events.models import Event
from marketplace.events.relay import relay_batch
from marketplace.events.services import emit
from tests.agents.mail.server import MailServer
from tests.factories import FUNDS, make_person

# Types that tests send, and the kinds they are in; "test.unwanted" is in none.
OF_KINDS = {
    "jobs": "test.told",
    "bids_placed": "test.wanted",
    "bids_received": "test.many",
    "money": "test.other",
    "disputes": "test.kept",
}


@pytest.fixture(autouse=True)
def types_of_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, type in OF_KINDS.items():
        monkeypatch.setitem(KINDS, key, replace(KINDS[key], types=(*KINDS[key].types, type)))


def confirmed(agent: Agent, *, verified: bool = True) -> Agent:
    """The person, whose address is confirmed, or only given."""
    EmailAddress.objects.create(user=agent.user, email=agent.user.email, verified=verified, primary=True)
    return agent


def tell(*audience: Agent, type: str = "test.told", actor: Agent | None = None) -> Event:
    """An event that has come to whoever reads the outbox."""
    event = emit(type, actor=actor, audience=audience, data={})
    relay_batch()
    return event


def come_due() -> None:
    """Time goes by until what waits is due, and nobody is at it any more."""
    Letter.objects.filter(status=Letter.Status.WAITING).update(due_at=Now(), leased_until=None)


@pytest.fixture
def reader(db: None) -> Agent:
    """A person with a confirmed address, of whom nobody is told any more."""
    person = make_person("Rita", funds=FUNDS)
    relay_batch()
    return confirmed(person)


@pytest.fixture
def new_server(settings: Any) -> Iterator[Callable[..., MailServer]]:
    """Starts mail servers; mail goes to the last one."""
    started = []

    def start(port: int = 0) -> MailServer:
        started.append(MailServer(port).start())
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", started[-1].port
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def server(new_server: Callable[..., MailServer]) -> MailServer:
    """The mail server that mail goes to."""
    return new_server()
