"""A page of another site makes nobody's browser change anything here (FEATURES J2, SURVIVE S3).

Two guards: under /v1 a session needs an Origin or Referer of this site; pages, accounts and the admin need Django's
token. A key is no cookie: no browser sends it by itself, so who sends one is judged by it alone.
"""

import re
from collections.abc import Iterator
from itertools import cycle

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from agents.models import Agent, User
from agents.services import mint_api_key
from jobs.drafts.models import Step
from jobs.models import Job
from marketplace.api.docs import openapi_document
from marketplace.events.models import Event
from tests.factories import PASSWORD, make_person, open_job

pytestmark = pytest.mark.django_db
NOWHERE = "01a200e4-5f3c-7696-b7e6-b0b5a524dbbf"
# What is answered without a token: documentation, and a link in a mail that says by its signature whose it is.
WITHOUT_TOKEN = {"/docs": 405, "/molted/docs": 405, "/mail/unsubscribe/word/": 404}
# What a page of another site can have a browser send along with the cookie.
FOREIGN = {
    "no origin": {},
    "null": {"Origin": "null"},
    "another site": {"Origin": "https://evil.example"},
    "another port": {"Origin": "http://testserver:81"},
    "another scheme": {"Origin": "https://testserver"},
    "a name that begins alike": {"Origin": "http://testserver.evil.example"},
    "a foreign page": {"Referer": "https://evil.example/http://testserver/"},
    "a foreign origin with a page of ours": {"Origin": "https://evil.example", "Referer": "http://testserver/"},
    "null with a page of ours": {"Origin": "null", "Referer": "http://testserver/"},
}
BODIES = {
    "json": ("application/json", b'{"title": "T", "budgetUsdc": "1"}'),
    "json as plain text": ("text/plain", b'{"title": "T", "budgetUsdc": "1"}'),
    "a form": ("application/x-www-form-urlencoded", b"title=T&budgetUsdc=1"),
    "a form with files": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\nT\r\n--x--\r\n',
    ),
    "nothing": ("", b""),
}


def api_writes() -> list[tuple[str, str]]:
    """Method and an address of every operation that changes something."""
    return [
        (method.upper(), "/".join(NOWHERE if part.startswith("{") else part for part in address.split("/")))
        for address, methods in openapi_document()["paths"].items()
        for method, operation in methods.items()
        if method != "get" and {"session": []} in operation.get("security", [])
    ]


def pages() -> Iterator[str]:
    """An address of every page, account form and list of the admin."""
    yield from _addresses(get_resolver().url_patterns, "/")


def _addresses(patterns: list[URLPattern | URLResolver], start: str) -> Iterator[str]:
    for pattern in patterns:
        part = str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _addresses(pattern.url_patterns, start + part)
        elif not part.startswith("^") and "(?" not in part and not start.startswith(("/v1/", "/admin/")):
            yield _filled_in(start + part)


def _filled_in(template: str) -> str:
    """`/jobs/<uuid:pk>/` → an address that it matches."""
    values = {"uuid": NOWHERE, "int": "1", "slug": "word", "str": "word", "path": "word", "step": Step.WORK}
    return re.sub("<([a-z]+):[^>]+>", lambda found: values[found[1]], template)


@pytest.fixture
def member(poster: Agent) -> Client:
    """A browser whose session is the poster's; it checks what real ones are checked for."""
    client = Client(enforce_csrf_checks=True)
    assert poster.user is not None
    client.force_login(poster.user)
    return client


def test_the_writes_are_found() -> None:
    assert len(api_writes()) > 40
    assert len(list(pages())) > 40


@pytest.mark.parametrize("turn", range(len(FOREIGN)))
def test_no_write_of_the_api_is_made_from_elsewhere(member: Client, turn: int) -> None:
    """Each operation from each place; the bodies and the slash at the end take turns."""
    before = Event.objects.count()
    for place, (method, address) in enumerate(api_writes()):
        origin = [*FOREIGN.values()][turn]
        content_type, content = [*BODIES.values()][(place + turn) % len(BODIES)]
        response = member.generic(method, address + "/" * (turn % 2), content, content_type, headers=origin)
        assert (method, address, response.status_code) == (method, address, 403)
        assert response["Content-Type"] == "application/problem+json"
    assert Event.objects.count() == before
    assert not Job.objects.exists()


@pytest.mark.parametrize("origin", FOREIGN)
def test_no_page_takes_a_post_from_elsewhere(member: Client, poster: Agent, origin: str) -> None:
    """No token, and another's token, in the form and in the cookie."""
    job = open_job(poster)
    before = Event.objects.count()
    other = Client(enforce_csrf_checks=True)
    other.get("/account/login/")
    stolen = other.cookies["guildhall_csrf"].value
    addresses = [*pages(), *[f"/jobs/{job.pk}/cancel/", "/admin/agents/agent/", "/admin/login/"] * 3]
    for address, token in zip(addresses, cycle(["", "x" * 64, stolen]), strict=False):
        response = member.post(address, {"csrfmiddlewaretoken": token}, headers=FOREIGN[origin])
        assert (address, response.status_code) == (address, WITHOUT_TOKEN.get(address, 403))
    assert Event.objects.count() == before
    job.refresh_from_db()
    assert job.status == "OPEN"


@pytest.mark.parametrize("address", ["/account/login/", "/account/logout/", "/account/signup/", "/theme/"])
@pytest.mark.parametrize("origin", FOREIGN)
def test_nobody_is_logged_in_or_out_from_elsewhere(member: Client, address: str, origin: str) -> None:
    """S3: also before there is a session, so that nobody works in an attacker's account."""
    person = make_person("Mallory", password=PASSWORD)
    EmailAddress.objects.create(user=person.user, email=person.user.email, verified=True, primary=True)
    sessions, users = Session.objects.count(), User.objects.count()
    form = {"login": person.user.email, "password": PASSWORD, "next": "/"}
    for client in (Client(enforce_csrf_checks=True), member):
        assert client.post(address, form, headers=FOREIGN[origin]).status_code == 403
    assert (Session.objects.count(), User.objects.count()) == (sessions, users)
    assert member.get("/v1/agents/me").status_code == 200


@pytest.mark.parametrize("origin", [{"Origin": "http://testserver"}, {"Referer": "http://testserver/jobs/"}])
def test_from_a_page_of_this_site_a_session_may_write(member: Client, origin: dict[str, str]) -> None:
    content_type, content = BODIES["json"]
    assert member.generic("POST", "/v1/jobs", content, content_type, headers=origin).status_code == 201


@pytest.mark.parametrize("body", ["json as plain text", "a form", "a form with files"])
def test_even_from_here_a_body_is_json_or_refused(member: Client, body: str) -> None:
    """A form can be sent from anywhere without being asked first; none is read."""
    content_type, content = BODIES[body]
    response = member.generic("POST", "/v1/jobs", content, content_type, headers={"Origin": "http://testserver"})
    assert response.status_code == 415
    assert not Job.objects.exists()


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_key_beside_the_cookie_acts_alone_or_not_at_all(member: Client, worker: Agent, origin: str) -> None:
    """A good key acts as its own agent, never as the person of the cookie; a bad one opens nothing."""
    content_type, content = BODIES["json"]
    good = mint_api_key(agent=worker, name="k", actor=worker)[1]
    for bad in ("mj_live_wrong", "", "x"):
        headers = {**FOREIGN[origin], "X-Api-Key": bad}
        assert member.generic("POST", "/v1/jobs", content, content_type, headers=headers).status_code == 401
    headers = {**FOREIGN[origin], "X-Api-Key": good}
    assert member.generic("POST", "/v1/jobs", content, content_type, headers=headers).status_code == 201
    assert Job.objects.get().poster == worker


def test_a_get_never_writes(member: Client, poster: Agent) -> None:
    """Nor does a HEAD: what a picture on a foreign page can ask for changes nothing."""
    job = open_job(poster)
    before = Event.objects.count()
    for address in pages():
        member.get(address)
    for _, address in api_writes():
        member.get(address)
        member.head(address)
    member.get(f"/jobs/{job.pk}/cancel/")
    assert Event.objects.count() == before
    job.refresh_from_db()
    assert job.status == "OPEN"


def test_no_other_site_may_read_the_answers(member: Client) -> None:
    """There is no CORS here: a foreign page that asks anyway is shown nothing."""
    for origin in ("https://evil.example", "null"):
        for method in ("GET", "OPTIONS"):
            headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            response = member.generic(method, "/v1/agents/me", headers=headers)
            assert not [name for name in response.headers if name.lower().startswith("access-control-")]
