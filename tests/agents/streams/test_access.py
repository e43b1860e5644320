"""Who may listen, for how long, and how many at once (SURVIVE S1, S2, S3)."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from django.conf import settings
from django.core import signing
from django.test import Client

from agents.models import Agent, ApiKey, User
from agents.services import mint_api_key, revoke_api_key
from agents.streams.access import KEY, SALT, Credential, make_ticket, read_ticket
from tests.agents.streams.listening import PATH, StreamProcess, listening, stream_process, tell
from tests.factories import make_person
from tests.fixtures import ApiClient, api_for
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def refused(response: httpx2.Response) -> tuple[int, str]:
    """Status and code of the problem document."""
    document = response.json()
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert document["requestId"] == response.headers["X-Request-Id"]
    assert document["status"] == response.status_code
    return response.status_code, document["code"]


def test_refusals_are_problem_documents(streams: StreamProcess, key: str) -> None:
    """S1, S2: nobody, the wrong key, two keys, the wrong words and the wrong address."""
    assert refused(streams.get()) == (401, "UNAUTHORIZED")
    assert streams.get().headers["WWW-Authenticate"].startswith("Bearer")
    assert refused(streams.get(x_api_key="mj_live_invented")) == (401, "UNAUTHORIZED")
    assert refused(streams.get(x_api_key=key, authorization="Bearer other")) == (401, "UNAUTHORIZED")
    assert refused(streams.get(f"?apiKey={key}")) == (401, "UNAUTHORIZED")
    assert refused(streams.get("?type=job.invented", x_api_key=key)) == (400, "VALIDATION_FAILED")
    assert refused(streams.get("?after=x", x_api_key=key)) == (400, "VALIDATION_FAILED")
    assert refused(streams.get(x_api_key=key, last_event_id="x")) == (400, "VALIDATION_FAILED")
    assert refused(httpx2.get(f"{streams.url}/v1/events")) == (404, "NOT_FOUND")
    assert refused(httpx2.post(f"{streams.url}{PATH}", headers={"X-Api-Key": key})) == (405, "METHOD_NOT_ALLOWED")


def test_a_revoked_key_ends_its_streams_and_no_others(streams: StreamProcess, worker: Agent, key: str) -> None:
    """S2: within a minute; here within the time that these tests have set."""
    spare, raw = mint_api_key(agent=worker, name="spare", actor=worker)
    with listening(streams.url, x_api_key=raw) as listener, listening(streams.url, x_api_key=key) as other:
        revoke_api_key(key=spare, actor=worker)
        wait_for(listener.ended.is_set, "the end of the stream")
        tell([worker], 1)
        wait_for(lambda: other.heard, "the event, on the stream of the other key")
        assert listener.heard == []
    assert refused(streams.get(x_api_key=raw)) == (401, "UNAUTHORIZED")


def test_a_suspended_agent_is_cut_off(streams: StreamProcess, worker: Agent, key: str) -> None:
    with listening(streams.url, x_api_key=key) as listener:
        Agent.objects.filter(pk=worker.pk).update(status=Agent.Status.SUSPENDED)
        wait_for(listener.ended.is_set, "the end of the stream")
    assert refused(streams.get(x_api_key=key)) == (401, "UNAUTHORIZED")


def test_an_expired_key_is_cut_off(streams: StreamProcess, worker: Agent, key: str) -> None:
    with listening(streams.url, x_api_key=key) as listener:
        with_key = ApiKey.objects.filter(digest=ApiKey.digest_of(key))
        with_key.update(expires_at=ApiKey.objects.earliest("created_at").created_at)
        wait_for(listener.ended.is_set, "the end of the stream")


@pytest.fixture
def person(transactional_db: None) -> Agent:
    return make_person("Paula")


@pytest.fixture
def browser(person: Agent) -> Client:
    client = Client()
    assert person.user is not None
    client.force_login(person.user)
    return client


def cookie_of(browser: Client) -> str:
    return f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"


def test_the_cookie_is_for_the_pages_of_this_site(streams: StreamProcess, person: Agent, browser: Client) -> None:
    """S3"""
    cookie, host = cookie_of(browser), urlsplit(streams.url).netloc
    for foreign in (
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": f"http://{host}.evil.example"},
        {"origin": "http://["},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site", "origin": f"http://{host}"},
    ):
        assert refused(streams.get(cookie=cookie, **foreign)) == (403, "FORBIDDEN")
    for own in ({"origin": f"http://{host}"}, {"sec_fetch_site": "same-origin"}, {}):
        with listening(streams.url, cookie=cookie, **own) as listener:
            tell([person], 1)
            wait_for(lambda: listener.heard, "the event")
    assert refused(streams.get(cookie=f"{settings.SESSION_COOKIE_NAME}=invented")) == (401, "UNAUTHORIZED")


def test_a_key_beside_a_cookie_decides_alone(streams: StreamProcess, browser: Client) -> None:
    """S3"""
    assert refused(streams.get(cookie=cookie_of(browser), x_api_key="mj_live_wrong")) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("ending", ["logout", "password", "account"])
def test_who_has_left_is_cut_off(streams: StreamProcess, person: Agent, browser: Client, ending: str) -> None:
    """S2: by logging out, a new password, or an account that is closed."""
    user = User.objects.get(agent=person)
    cookie = cookie_of(browser)
    with listening(streams.url, cookie=cookie) as listener:
        if ending == "logout":
            browser.logout()
        elif ending == "password":
            user.set_password("another horse battery staple")
            user.save()
        else:
            User.objects.filter(pk=user.pk).update(is_active=False)
        wait_for(listener.ended.is_set, "the end of the stream")
    assert refused(streams.get(cookie=cookie)) == (401, "UNAUTHORIZED")


def test_the_web_process_sends_listeners_on_with_a_ticket(
    streams: StreamProcess, worker: Agent, outsider: Agent, settings: Any
) -> None:
    """What was asked goes with it, and the ticket says who asks."""
    settings.STREAM_URL = streams.url
    tell([worker, outsider], 1)
    response = api_for(worker).get("/events/stream?named=false&type=", last_event_id="0")
    assert response.status_code == 307
    address = urlsplit(response["Location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{streams.url}{PATH}"
    assert "after=0" in address.query
    with listening(streams.url, f"?{address.query}") as listener:
        wait_for(lambda: 1 in listener.numbers, "the event")
        assert "event" not in listener.heard[0]


def test_so_it_does_for_people(streams: StreamProcess, person: Agent, browser: Client, settings: Any) -> None:
    settings.STREAM_URL = streams.url
    address = urlsplit(browser.get(PATH)["Location"])
    assert browser.session.session_key not in address.query
    with listening(streams.url, f"?{address.query}", origin="http://testserver") as listener:
        tell([person], 1)
        wait_for(lambda: listener.heard, "the event")
        browser.logout()
        wait_for(listener.ended.is_set, "the end of the stream")
    assert refused(streams.get(f"?{address.query}")) == (401, "UNAUTHORIZED")


def test_tickets_grow_old_and_cannot_be_made_by_others(
    streams: StreamProcess, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential = Credential(KEY, ApiKey.digest_of(key).hex())
    good = make_ticket(credential)
    assert read_ticket(good) == credential
    with monkeypatch.context() as past:
        past.setattr(signing.time, "time", lambda: 1_700_000_000.0)
        old = make_ticket(credential)
    forged = signing.dumps("key\nabc", key="another", salt=SALT)
    of_another_kind = signing.dumps(signing.loads(good, salt=SALT), salt="another")
    for bad in (old, forged, of_another_kind, good[:-1] + "!", "", "x"):
        assert refused(streams.get(f"?ticket={bad}")) == (401, "UNAUTHORIZED"), bad
    with listening(streams.url, f"?ticket={good}"):
        pass


def test_where_a_proxy_should_send_them_the_web_process_says_so(
    worker_api: ApiClient, problem: Any, settings: Any
) -> None:
    settings.STREAM_URL = ""
    assert problem(worker_api.get("/events/stream")) == (503, "STREAMS_ELSEWHERE", [])


def test_an_agent_and_the_process_have_so_many_streams_and_no_more(
    tmp_path: Path, worker: Agent, outsider: Agent, key: str
) -> None:
    other = mint_api_key(agent=outsider, name="stream", actor=outsider)[1]
    with (
        stream_process(tmp_path, MOST_STREAMS_PER_AGENT="2", MOST_STREAMS="3") as streams,
        listening(streams.url, x_api_key=key),
    ):
        with listening(streams.url, x_api_key=key):
            too_many = streams.get(x_api_key=key)
            assert refused(too_many) == (429, "TOO_MANY_STREAMS")
            assert int(too_many.headers["Retry-After"]) > 0
            with listening(streams.url, x_api_key=other):
                no_room = streams.get(x_api_key=other)
                assert refused(no_room) == (503, "NO_ROOM")
                assert int(no_room.headers["Retry-After"]) > 0

        def room_again() -> bool:
            try:
                with listening(streams.url, x_api_key=key):
                    return True
            except AssertionError:
                return False

        assert wait_for(room_again, "the room of the stream that was closed")
