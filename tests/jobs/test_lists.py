"""Lists of jobs: what they say, how they are narrowed down and sorted, and that the short way to them is not told from
the long one (FEATURES J3, J6)."""

import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from django.test import RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext

from agents.models import Agent
from jobs import listing, queries, search
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.search import Condition
from jobs.serializers import JobSerializer
from marketplace.money import MICRO
from marketplace.wsgi import application
from tests.factories import draft_job, job_in, make_agent, make_person, open_job, started_job

EVERY_STATUS = ",".join(Status.values)


def listed(api: Any, query: str = "") -> list[str]:
    """Titles, in the order of the list."""
    response = api.get(f"/jobs?{query}")
    assert response.status_code == 200, response.content
    return [job["title"] for job in response.json()["data"]]


def serialized(job: Job, actor: Agent | None) -> Any:
    request = SimpleNamespace(actor=actor)
    data = JobSerializer(job, context={"request": request}).data
    return json.loads(json.dumps(data, default=str))


@pytest.mark.parametrize("status", Status)
def test_a_list_says_of_a_job_what_the_serializer_says(status: Status, poster: Agent, worker: Agent) -> None:
    """J6: one definition of a job, for every status and every reader."""
    worker.skills, worker.avatar = ["Python", "SQL"], uuid4()
    worker.save()
    job_in(status, poster, worker, skills=["python", "sql"], title="Ein “Bericht” <b>\u2028</b>", vertical="Writing")
    owner = worker.owner.agent
    operator = make_person("Olga", is_staff=True)
    for actor in (None, poster, worker, owner, operator, make_agent(name="Stranger")):
        wanted = listing.read({"status": EVERY_STATUS})
        found = json.loads(listing.read_page(wanted, actor).body())["data"]
        known = queries.visible_to(actor).filter(status=status)
        assert found == [serialized(job, actor) for job in known], actor
        workers = [job["assignedAgent"] for job in found if job["assignedAgent"]]
        assert all(str(worker.avatar) in one["avatarUrl"] for one in workers)


def test_a_list_never_shows_a_job_as_it_was(poster: Agent, worker: Agent) -> None:
    """What is kept of a job is made anew when the job or anybody in it has changed, be it in one transaction."""
    job = started_job(poster, worker)

    def shown() -> Any:
        [found] = listing.read_page(listing.read({}), None).jobs
        return found

    changes: list[tuple[Any, dict[str, Any]]] = [
        (job, {"title": "Another title"}),
        (job, {"progress_percent": 7}),
        (job, {"progress_percent": 8}),
        (poster, {"name": "Another name"}),
        (worker, {"name": "Yet another"}),
    ]
    for changed, values in changes:
        shown()
        type(changed).objects.filter(pk=changed.pk).update(**values)
        assert shown() == serialized(queries.find_job(job.pk, None), None), values


def test_a_list_says_that_a_worker_is_silent_to_the_two_sides_alone(poster: Agent, worker: Agent) -> None:
    job = started_job(poster, worker)
    Job.objects.filter(pk=job.pk).update(heartbeat_missed_at=job.updated_at)
    for actor, is_told in ((poster, True), (worker, True), (make_agent(), False), (None, False)):
        [found] = json.loads(listing.read_page(listing.read({}), actor).body())["data"]
        assert (found["heartbeatMissedAt"] is not None) == is_told
        assert found == serialized(queries.find_job(job.pk, actor), actor)


def test_direct_offers_are_listed_for_their_two_sides_and_operators(
    poster: Agent, worker: Agent, outsider: Agent
) -> None:
    """The list and `visible_to` agree on who may know of what."""
    open_job(poster, title="for all")
    draft_job(poster, title="draft")
    open_job(poster, title="offer", invited=worker, terms={"bidding": "direct"})
    for actor in (None, poster, worker, worker.owner.agent, outsider, make_person("Olga", is_staff=True)):
        page = listing.read_page(listing.read({"status": EVERY_STATUS}), actor)
        assert {job["title"] for job in page.jobs} == set(queries.visible_to(actor).values_list("title", flat=True))


def test_filters_narrow_the_list_down(poster: Agent, worker: Agent, anonymous_api: Any) -> None:
    """J6: every filter of WIRE 1.5, alone and together."""
    open_job(poster, title="cheap", budget=5 * MICRO, vertical="web", skills=["python"])
    open_job(poster, title="dear", budget=50 * MICRO, vertical="Design", skills=["python", "sql"])
    started_job(poster, worker, title="begun")
    assert listed(anonymous_api, "status=open") == ["dear", "cheap"]
    assert listed(anonymous_api, "status=OPEN,in_progress") == ["begun", "dear", "cheap"]
    assert listed(anonymous_api, "vertical=design") == ["dear"]
    assert listed(anonymous_api, f"agentId={worker.handle}") == ["begun"]
    assert listed(anonymous_api, f"agentId={worker.pk}") == ["begun"]
    assert listed(anonymous_api, f"posterId={poster.handle}&status=open&maxBudget=10") == ["cheap"]
    assert listed(anonymous_api, "minBudgetUsdc=10.5&status=open") == ["dear"]
    assert listed(anonymous_api, "skills=Python") == ["dear", "cheap"]
    assert listed(anonymous_api, "skills=python,sql") == ["dear"]
    assert listed(anonymous_api, "funded=true") == ["begun"]
    assert listed(anonymous_api, "funded=false") == ["dear", "cheap"]
    assert listed(anonymous_api, "templateId=nothing") == []
    assert listed(anonymous_api, "status=&vertical=&unknown=1") == ["begun", "dear", "cheap"]


def test_lists_are_sorted_as_asked(poster: Agent, anonymous_api: Any) -> None:
    open_job(poster, title="middle", budget=20 * MICRO)
    open_job(poster, title="dear", budget=30 * MICRO)
    open_job(poster, title="cheap", budget=10 * MICRO)
    assert listed(anonymous_api, "sort=newest") == ["cheap", "dear", "middle"]
    assert listed(anonymous_api, "sort=budget_asc") == ["cheap", "middle", "dear"]
    assert listed(anonymous_api, "sort=budget_desc") == ["dear", "middle", "cheap"]
    assert len(listed(anonymous_api, "sort=deadline")) == 3


@pytest.mark.parametrize(
    "query",
    [
        "status=gone",
        f"skills={'🙂' * 600}",
        "limit=0",
        "limit=101",
        "limit=x",
        "sort=luck",
        "sort=relevance",
        "minBudget=much",
        "funded=maybe",
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(query: str, anonymous_api: Any, problem: Any) -> None:
    status, _, fields = problem(anonymous_api.get(f"/jobs?{query}"))
    assert (status, fields) == (400, [query.partition("=")[0]])


def test_search_ranks_and_forgives(poster: Agent, anonymous_api: Any) -> None:
    """Full text with ranking, unfinished words and typing errors."""
    open_job(poster, title="Translate a contract", description="From German.")
    open_job(poster, title="Something else", description="Nobody needs to translate here.")
    assert listed(anonymous_api, "q=translate") == ["Translate a contract", "Something else"]
    assert listed(anonymous_api, "q=translate&sort=newest") == ["Something else", "Translate a contract"]
    assert listed(anonymous_api, "q=contr") == ["Translate a contract"]
    assert listed(anonymous_api, "q=tranlsate+contarct") == ["Translate a contract"]
    assert listed(anonymous_api, "q=zebra") == []


def test_a_word_of_old_jobs_is_found_behind_many_new_ones(poster: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    """The walk along the newest ends, and the index goes on, stretch by stretch."""
    old = open_job(poster, title="bygone", skills=["cobol"])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE jobs_job SET created_at = now() - interval '200 days' WHERE id = %s", [old.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    for number in range(3):
        open_job(poster, title=f"new {number}")
    monkeypatch.setattr(search, "WALK", search.WALK.replace(str(search.MOST_WALKED), "2"))
    for query in ({"q": "bygone"}, {"q": "bygone", "sort": "newest"}, {"skills": "cobol"}):
        assert [job["title"] for job in listing.read_page(listing.read(query), None).jobs] == ["bygone"]


def test_lists_count_nothing_and_skip_nothing(poster: Agent, worker: Agent, anonymous_api: Any) -> None:
    """No COUNT and no OFFSET; a page of jobs that were shown before is one query."""
    open_job(poster, skills=["python"])
    started_job(poster, worker)
    for query, most in (("status=OPEN", 1), ("", 1), ("q=report", 3), ("skills=python", 5)):
        anonymous_api.get(f"/jobs?{query}")
        with CaptureQueriesContext(connection) as found:
            assert anonymous_api.get(f"/jobs?{query}").status_code == 200
        texts = [one["sql"].upper() for one in found]
        assert len(texts) <= most
        assert not any("COUNT(" in text or "OFFSET" in text for text in texts)


@pytest.fixture
def ask(db: None) -> Iterator[Callable[..., SimpleNamespace]]:
    """GETs `/v1/jobs` as a web server would hand it on, with the short way in front of Django or without it."""
    signals = (request_started, request_finished)

    def asked(query: str = "", *, by_short_way: bool = True, **headers: str) -> SimpleNamespace:
        named = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        environ = {**RequestFactory()._base_environ(), "PATH_INFO": "/v1/jobs", "QUERY_STRING": query, **named}
        told: list[Any] = []
        answer = (application if by_short_way else application.application)(environ, lambda *all: told.extend(all))
        body = b"".join(answer)
        return SimpleNamespace(status=int(told[0][:3]), headers=dict(told[1]), body=body)

    # As Django's own test client does it: the connection with the test's transaction stays open.
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield asked
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def long_way(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that went the long way."""
    gone = []
    django = application.application

    def heard(environ: dict[str, Any], start_response: Any) -> Any:
        gone.append(environ["PATH_INFO"])
        return django(environ, start_response)

    monkeypatch.setattr(application, "application", heard)
    return gone


def test_the_short_way_is_not_told_from_the_long_one(poster: Agent, poster_api: Any, ask: Any) -> None:
    """J5: the same body and the same headers, whether a request is plain or not, and whatever is logged."""
    open_job(poster)
    for key in ({}, {"x_api_key": poster_api.key}, {"authorization": f"Bearer {poster_api.key}"}):
        for query in ("status=OPEN", "limit=0"):
            short = ask(query, x_request_id="one", **key)
            long = ask(query, x_request_id="one", by_short_way=False, **key)
            assert short.status == long.status == (200 if query == "status=OPEN" else 400)
            assert _lasting(short.body) == _lasting(long.body)
            assert not set(long.headers) - set(short.headers) - {"Allow", "ETag"}
            counted = {name for name in long.headers if "RateLimit" in name}
            for name in set(long.headers) & set(short.headers) - counted - {"Content-Length", "Cache-Control", "Vary"}:
                assert short.headers[name] == long.headers[name], name


def _lasting(body: bytes) -> Any:
    return {name: value for name, value in json.loads(body).items() if name != "timestamp"}


def test_only_what_is_plain_goes_the_short_way(poster: Agent, poster_api: Any, ask: Any, long_way: list[str]) -> None:
    open_job(poster)
    ask("status=OPEN")
    ask("status=OPEN", x_api_key=poster_api.key)
    ask("status=gone")
    assert long_way == []
    others: list[dict[str, str]] = [
        {"cookie": "sessionid=1"},
        {"authorization": "Bearer eyJ0b2tlbg"},
        {"transfer_encoding": "chunked"},
        {"host": "elsewhere.example"},
        {"x_api_key": "mj_live_wrong"},
    ]
    for number, headers in enumerate(others, 1):
        ask(**headers)
        assert len(long_way) == number, headers
    ask("q=%00")
    assert len(long_way) == len(others) + 1


def test_a_wrong_key_is_refused_on_the_short_way_too(poster: Agent, ask: Any) -> None:
    refused = ask(x_api_key="mj_live_wrong")
    assert (refused.status, refused.headers["Content-Type"]) == (401, "application/problem+json")


def test_the_short_way_is_counted_and_refused_as_the_long_one(poster: Agent, ask: Any, long_way: list[str]) -> None:
    """S6: exactly the limit passes, and who is refused costs no more than who is served."""
    with override_settings(THROTTLES={"anonymous": "2/m"}):
        answers = [ask("status=OPEN", remote_addr="192.0.2.77") for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 429, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0", "0"]
    assert "Retry-After" in answers[2].headers
    assert long_way == []


def test_a_fault_on_the_short_way_is_reported_by_the_long_one(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "read_page", lambda *all: 1 / 0)
    answer = ask("status=OPEN&limit=9")
    assert answer.status == 500


def test_requests_on_the_short_way_have_their_lines_in_the_log(
    poster: Agent, ask: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """J5: the id of the request is in them, and the next request does not inherit it."""
    with caplog.at_level("INFO", logger="django_structlog"):
        ask("status=OPEN", x_request_id="told-apart")
    lines = [record.msg for record in caplog.records]
    assert [line["event"] for line in lines] == ["request_started", "request_finished"]
    assert {line["request_id"] for line in lines} == {"told-apart"}
    assert lines[-1]["code"] == 200


def test_an_anonymous_list_may_be_a_second_old_and_is_known_by_its_etag(poster: Agent, ask: Any) -> None:
    with override_settings(LIST_CACHE_SECONDS=60.0):
        open_job(poster, title="first")
        seen = ask("q=&limit=7")
        open_job(poster, title="second")
        again = ask("q=&limit=7", if_none_match=seen.headers["ETag"])
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", seen.headers["ETag"])
        assert "Content-Type" not in again.headers
        fresh = ask("q=&limit=7", cache_control="no-cache")
        assert [job["title"] for job in json.loads(fresh.body)["data"]] == ["second", "first"]


def test_lists_of_an_agent_are_narrowed_down_too(poster: Agent, worker: Agent, poster_api: Any) -> None:
    started_job(poster, worker, title="begun")
    found = poster_api.get(f"/agents/{worker.handle}/jobs?status=in_progress").json()
    assert [job["title"] for job in found["data"]] == ["begun"]
    assert listing.read_page(listing.read({}), None, Condition("job.worker_id = %s", (poster.pk,))).jobs == []
