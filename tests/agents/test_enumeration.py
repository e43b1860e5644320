"""Nobody learns here who has an account (SURVIVE S5): not from what is answered, and not from how long it takes.

TIMING_SAMPLES=500 measures as SURVIVE asks; each run takes enough of them to find a password hash that is left out.
"""

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import hashers
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents.models import User
from marketplace.identifiers import uuid7
from tests.factories import PASSWORD, make_person

pytestmark = pytest.mark.django_db
SAMPLES = int(os.environ.get("TIMING_SAMPLES", "20"))
BEAT = 0.06
# Four standard deviations of chance about a half, and with 500 of each the 0.55 of SURVIVE.
ALLOWANCE = max(4 * ((2 * SAMPLES + 1) / (12 * SAMPLES**2)) ** 0.5, 0.05)
_addresses = count(1)
FORMS = {
    "/account/login/": {"login": "{email}", "password": "wrong password"},
    "/account/signup/": {"name": "Somebody", "email": "{email}", "password1": PASSWORD},
    "/account/password/reset/": {"email": "{email}"},
}
form = pytest.mark.parametrize("path", FORMS)


def confirmed(name: str, password: str | None = PASSWORD) -> str:
    """The address of somebody who has an account."""
    user = make_person(name, password=password).user
    assert user is not None
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user.email


def unknown() -> str:
    return f"{uuid7()}@people.example"


def send(path: str, email: str) -> Any:
    """What a browser that was never here is answered."""
    return Client().post(path, {name: value.format(email=email) for name, value in FORMS[path].items()})


def seen(response: Any, email: str) -> tuple[Any, ...]:
    """All that the caller sees, but for what differs with every request."""
    text = response.content.decode().replace(email, "EMAIL")
    text = re.sub(r'(name="csrfmiddlewaretoken" value|nonce|hx-headers)="[^"]*"|[0-9a-f-]{36}', "", text)
    own = {"X-Request-Id", "Content-Security-Policy", "Expires", "Content-Length"}
    headers = {name: value for name, value in response.headers.items() if name not in own and "RateLimit" not in name}
    return response.status_code, headers, sorted(response.cookies), text


@form
def test_known_unknown_and_without_a_password_are_answered_alike(path: str) -> None:
    emails = [confirmed("Kim"), confirmed("Nop", None), unknown()]
    answers = [seen(send(path, email), email) for email in emails]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] in {200, 302}


@form
def test_a_mail_server_that_fails_gives_nobody_away(path: str, settings: Any, caplog: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    emails = [confirmed("Kim"), confirmed("Nop", None), unknown()]
    answers = [seen(send(path, email), email) for email in emails]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] in {200, 302}
    failures = [record for record in caplog.records if "account_mail_not_sent" in str(record.msg)]
    assert len(failures) == (0 if "login" in path else 3)


@dataclass(frozen=True)
class Work:
    """What an answer costs: password hashes made, queries asked and mails sent."""

    hashes: int
    queries: int
    mails: int


@pytest.fixture
def work_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Work]:
    """The work of one answer."""
    hashed: list[str] = []
    hasher = type(hashers.get_hasher())
    encode = hasher.encode

    def count_encode(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return str(encode(self, password, salt))

    monkeypatch.setattr(hasher, "encode", count_encode)

    def measure(path: str, email: str) -> Work:
        hashed.clear()
        mail.outbox.clear()
        with CaptureQueriesContext(connection) as queries:
            send(path, email)
        return Work(len(hashed), len(queries), len(mail.outbox))

    return measure


@form
def test_the_same_work_is_done_for_everybody(path: str, work_of: Callable[[str, str], Work]) -> None:
    """Hashes and mails are nearly all of the time: made once for each, needed or not.

    A query more or less, and the rows of a new account, are what the beat of the answers hides (below).
    """
    emails = [confirmed("Kim"), confirmed("Nop", None), unknown()]
    send(path, unknown())
    done = [work_of(path, email) for email in emails]
    assert [(work.hashes, work.mails) for work in done] == [(int("reset" not in path), int("login" not in path))] * 3
    known, without_password, new = (work.queries for work in done)
    assert known == without_password
    assert "signup" in path or abs(new - known) <= 1


def test_a_hash_that_is_left_out_shows(work_of: Callable[[str, str], Work], monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: without it the comparison above could be of nothing."""
    monkeypatch.setattr("agents.accounts.make_password", lambda password: "")
    known, new = (work_of("/account/signup/", email) for email in (confirmed("Kim"), unknown()))
    assert (known.hashes, new.hashes) == (0, 1)


class SlowHasher(hashers.PBKDF2PasswordHasher):
    """Takes longer than a beat."""

    iterations = 400_000


@form
def test_an_answer_takes_as_long_for_the_known_as_for_the_unknown(path: str, settings: Any) -> None:
    """Not separable: the area under the curve of a guesser who knows all times is that of one who throws a coin."""
    settings.ACCOUNT_ANSWER_SECONDS = BEAT
    known, unknown = times_of(path)
    assert min(known + unknown) >= BEAT * 0.99
    assert abs(area_under_curve(known, unknown) - 0.5) < ALLOWANCE


def test_a_leak_would_be_found(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: as many samples, and the hash that nobody needs is left out."""
    settings.ACCOUNT_ANSWER_SECONDS = BEAT
    settings.PASSWORD_HASHERS = ["tests.agents.test_enumeration.SlowHasher"]
    monkeypatch.setattr("agents.accounts.make_password", lambda password: "")
    known, unknown = times_of("/account/signup/")
    assert abs(area_under_curve(known, unknown) - 0.5) > ALLOWANCE


def times_of(path: str) -> tuple[list[float], list[float]]:
    """Seconds until each answer, for known addresses and for unknown ones, asked in turns."""
    send(path, unknown())
    times: tuple[list[float], list[float]] = ([], [])
    known = confirmed("Kim")
    for _ in range(SAMPLES):
        for taken, email in zip(times, (known, unknown()), strict=True):
            began = time.monotonic()
            send(path, email)
            taken.append(time.monotonic() - began)
    return times


def area_under_curve(some: list[float], others: list[float]) -> float:
    """How often one of `some` is above one of `others`, whole milliseconds being all that a network lets through."""
    pairs = [(round(one, 3), round(other, 3)) for one in some for other in others]
    return sum(1.0 if one > other else 0.5 if one == other else 0.0 for one, other in pairs) / len(pairs)


def test_looking_and_being_refused_take_no_longer(settings: Any) -> None:
    """Only what looks at an account waits for the beat."""
    settings.ACCOUNT_ANSWER_SECONDS = 30.0
    settings.THROTTLES = {**settings.THROTTLES, "login": "1/m"}
    client = Client(REMOTE_ADDR=f"2001:db8:ffff:{next(_addresses):x}::1")
    began = time.monotonic()
    assert client.get("/account/login/").status_code == 200
    settings.ACCOUNT_ANSWER_SECONDS = 0.0
    client.post("/account/login/", {})
    settings.ACCOUNT_ANSWER_SECONDS = 30.0
    assert client.post("/account/login/", {}).status_code == 429
    assert time.monotonic() - began < 15


def test_a_new_account_is_made_for_the_unknown_alone() -> None:
    known, new = confirmed("Kim"), unknown()
    before = User.objects.count()
    send("/account/signup/", known)
    assert User.objects.count() == before
    send("/account/signup/", new)
    assert User.objects.get(email=new).agent.name == "Somebody"


def test_a_rare_name_is_seen_nowhere_before_its_address_is_confirmed() -> None:
    """Neither in the lists nor by its handle, or it would tell that the address had no account before."""
    email = unknown()
    Client().post("/account/signup/", {"name": "Zyxwvut", "email": email, "password1": PASSWORD})
    places = {
        "/v1/agents?q=zyxwvut": "zyxwvut",
        "/agents/?q=zyxwvut": "zyxwvut",
        "/leaderboard/?kind=HUMAN": "zyxwvut",
        "/agents/zyxwvut/": "<h1>Zyxwvut",
        "/v1/agents/zyxwvut": '"name":"Zyxwvut"',
        "/v1/agents/availability?handle=zyxwvut": '"available":false',
    }
    assert [path for path, sign in places.items() if sign in body_of(path)] == []

    [confirmation] = re.findall(r"http://\S+(/account/confirm-email/\S+)", mail.outbox[-1].body)
    member = Client()
    member.post(confirmation)
    assert [path for path, sign in places.items() if sign not in body_of(path)] == []

    user = User.objects.get(email=email)
    EmailAddress.objects.create(user=user, email="second@people.example", verified=False, primary=False)
    assert "zyxwvut" in body_of("/v1/agents?q=zyxwvut"), (
        "a second address, not confirmed yet, takes nobody off the list"
    )


def body_of(path: str) -> str:
    """What anybody is answered, without what the page repeats of the question."""
    return Client().get(path).content.decode().replace('value="zyxwvut"', "").replace("q=zyxwvut", "")
