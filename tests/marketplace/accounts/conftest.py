"""A person with a password and a confirmed address, their second factor, and what logging in takes."""

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth
from django.test import Client

from agents.models import Agent
from tests.factories import PASSWORD, make_person


@pytest.fixture
def person(db: None) -> Agent:
    """Pia, who has a password, an address of her own and no second factor."""
    return with_address(make_person("Pia", password=PASSWORD))


@pytest.fixture
def app_code(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What the app of a secret shows; each call is half a minute later, since a code works once."""
    now = iter(range(58_000_000, 59_000_000))

    def code(secret: str) -> str:
        counter = next(now)
        monkeypatch.setattr(auth, "yield_hotp_counters_from_time", lambda: iter([counter]))
        return auth.format_hotp_value(auth.hotp_value(secret, counter))

    return code


def with_address(person: Agent) -> Agent:
    """The person, with the address confirmed."""
    assert person.user is not None
    EmailAddress.objects.create(user=person.user, email=person.user.email, verified=True, primary=True)
    return person


def with_app(person: Agent) -> str:
    """Gives the person an authenticator app and recovery codes; returns the secret that the app has."""
    secret = auth.generate_totp_secret()
    auth.TOTP.activate(person.user, secret)
    RecoveryCodes.activate(person.user)
    return secret


def log_in(person: Agent, client: Client | None = None, password: str = PASSWORD) -> Client:
    """A browser that has gone through the form."""
    client = client or Client()
    assert person.user is not None
    client.post("/account/login/", {"login": person.user.email, "password": password})
    return client


def is_in(client: Client) -> bool:
    """Whether the browser is in an account."""
    return client.get("/account/").status_code == 200
