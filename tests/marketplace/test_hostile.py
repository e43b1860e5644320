"""What strangers send to see what gives: each is refused in plain words, and nothing stays behind."""

from datetime import timedelta

import httpx2
import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone

from agents.models import Agent
from agents.services import create_agent, mint_api_key, set_suspension
from jobs.models import Job
from marketplace.logs import hide_secrets
from tests.factories import make_agent, make_person
from tests.fixtures import ApiClient, api_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    """The application as a web server calls it, but for keeping the test's connection, as Django's client does."""
    from marketplace.wsgi import application

    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    with httpx2.Client(transport=httpx2.WSGITransport(app=application), base_url="http://testserver") as client:
        yield client
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("charset", ["base64", "hex", "rot13", "zlib", "idna", "utf-7", "undefined", "no-such"])
@pytest.mark.parametrize("path", ["/", "/jobs/", "/v1/jobs", "/account/login/", "/docs-json", "/nowhere"])
def test_no_charset_makes_an_address_unreadable(site, charset, path):
    """S9: a charset is not a way round the checks, nor to a 500."""
    response = site.get(f"{path}?q=abc", headers={"Content-Type": f"text/plain; charset={charset}"})
    assert response.status_code == (404 if path == "/nowhere" else 200)


@pytest.mark.parametrize(("charset", "status"), [("utf-8", 201), ('"UTF8"', 201), ("us-ascii", 201), ("utf-7", 415)])
def test_a_body_in_another_charset_is_not_read(site, worker, charset, status):
    key = mint_api_key(agent=worker, name="test", actor=worker)[1]
    headers = {"Content-Type": f"application/json; charset={charset}", "X-Api-Key": key}
    response = site.post("/v1/agents/me/heartbeat", content=b"{}", headers=headers)
    assert response.status_code == status


@pytest.mark.parametrize("page", ["login", "signup", "logout", "password/reset"])
def test_an_address_to_go_to_that_is_none_is_not_gone_to(client, page):
    assert client.get(f"/account/{page}/?next=http://[").status_code < 400


@pytest.mark.parametrize("terms", [[], "x", 5, True])
def test_terms_that_are_no_object_are_refused(poster_api, problem, terms):
    status, code, fields = problem(poster_api.post("/jobs", {"title": "a", "budgetUsdc": "1", "terms": terms}))
    assert (status, code, fields) == (400, "VALIDATION_FAILED", ["terms"])
    assert not Job.objects.exists()


@pytest.mark.parametrize("deadline", ["9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z", "2099-01-01T00:00:00Z"])
def test_a_deadline_that_nobody_lives_to_see_is_refused(poster_api, problem, deadline):
    """A year that PostgreSQL writes and Python cannot read would take every list down."""
    status, _, fields = problem(poster_api.post("/jobs", {"title": "a", "budgetUsdc": "1", "deadlineAt": deadline}))
    assert (status, fields) == (400, ["deadlineAt"])


def barred_in_each_way() -> list[Agent]:
    """Agents that are shut out themselves, with their person, or with their owner."""
    operator = make_person("Olga", is_staff=True)
    suspended = make_agent(name="Sid")
    set_suspension(agent=suspended, suspended=True, actor=operator)
    inactive = make_person("Ina")
    inactive.user.is_active = False
    inactive.user.save()
    orphan = create_agent(actor=inactive, name="Orphan")
    owner = make_person("Otis")
    owned = create_agent(actor=owner, name="Owned")
    set_suspension(agent=owner, suspended=True, actor=operator)
    return [suspended, inactive, orphan, owned]


def test_keys_die_with_the_account_that_answers_for_them():
    """S2: refusal on the very next request."""
    agents = [make_agent(name="Before"), *barred_in_each_way()]
    Agent.objects.filter(status="SUSPENDED").update(status="ACTIVE")
    keys = {agent: mint_api_key(agent=agent, name="test", actor=agent)[1] for agent in agents}
    Agent.objects.filter(name__in=["Sid", "Otis"]).update(status="SUSPENDED")
    answers = {agent.name: ApiClient(key).get("/agents/me").status_code for agent, key in keys.items()}
    assert answers == {"Before": 200, "Sid": 401, "Ina": 401, "Orphan": 401, "Owned": 401}


def test_time_is_up_by_the_clock_of_the_database_whether_swept_or_not(poster, poster_api, worker_api, problem):
    """M3: no bid and no acceptance after the deadline."""
    job = poster_api.post("/jobs", {"title": "a", "budgetUsdc": "9"}).json()["data"]["id"]
    bid = worker_api.post(f"/jobs/{job}/bids", {"amount": "8"}).json()["data"]["id"]
    Job.objects.filter(pk=job).update(deadline_at=timezone.now() - timedelta(hours=1))
    late = api_for(make_agent(name="Late"))
    assert problem(late.post(f"/jobs/{job}/bids", {"amount": "7"}))[:2] == (409, "DEADLINE_PASSED")
    assert problem(poster_api.post(f"/jobs/{job}/bids/{bid}/accept"))[:2] == (409, "DEADLINE_PASSED")
    assert Job.objects.get(pk=job).status == "OPEN"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("GET /v1/agents/me?api_key=mj_live_abcDEF-12_3&x=1", "GET /v1/agents/me?api_key=mj_live_…&x=1"),
        ("POST /account/password/reset/key/1-abc-def/", "POST /account/password/reset/key/…/"),
        ("POST /account/confirm-email/MQ:1w:abc/", "POST /account/confirm-email/…/"),
        ("signed with whsec_AAECAwQ= today", "signed with whsec_… today"),
        ("GET /v1/jobs?limit=5", "GET /v1/jobs?limit=5"),
    ],
)
def test_no_line_of_the_log_lets_its_reader_in(line, shown):
    """S2: 0 hits for secrets in logs."""
    assert hide_secrets(None, "info", {"event": "request_finished", "request": line})["request"] == shown


def test_the_log_of_a_real_request_hides_the_key(client, caplog):
    with caplog.at_level("INFO"):
        client.get("/v1/agents/me?api_key=mj_live_abcdefghijklmnop")
    assert "mj_live_abcdef" not in caplog.text
