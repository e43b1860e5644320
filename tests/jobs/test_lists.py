"""Lists of jobs: what they say, how they are narrowed down and sorted, and that the short way to them is not told from
the long one (FEATURES J3, J6)."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from agents.models import Agent
from jobs import listing, queries, search
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.search import Condition
from jobs.serializers import JobSerializer
from marketplace.money import MICRO
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
    worker.skills = ["Python", "SQL"]
    worker.save()
    job_in(status, poster, worker, skills=["python", "sql"], title="Ein “Bericht” <b>\u2028</b>", vertical="Writing")
    owner = worker.owner.agent
    operator = make_person("Olga", is_staff=True)
    for actor in (None, poster, worker, owner, operator, make_agent(name="Stranger")):
        wanted = listing.read({"status": EVERY_STATUS})
        found = json.loads(listing.read_page(wanted, actor).body())["data"]
        known = queries.visible_to(actor).filter(status=status)
        assert found == [serialized(job, actor) for job in known], actor


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


def test_the_short_way_is_not_told_from_the_long_one(poster: Agent, poster_api: Any, anonymous_api: Any) -> None:
    """J5: the same body and the same headers, whether a request is plain or not."""
    open_job(poster)
    for api in (anonymous_api, poster_api):
        for query in ("status=OPEN", "limit=0"):
            short = api.get(f"/jobs?{query}", x_request_id="one")
            with override_settings(LEAN_VIEWS={}):
                long = api.get(f"/jobs?{query}", x_request_id="one")
            assert short.status_code == long.status_code
            assert _lasting(short.json()) == _lasting(long.json())
            missing = set(long.headers) - set(short.headers) - {"Allow", "ETag"}
            assert not missing
            for name in (
                "X-Request-Id",
                "X-Frame-Options",
                "Content-Type",
                "Referrer-Policy",
                "X-Content-Type-Options",
            ):
                assert short[name] == long[name]


def _lasting(document: Any) -> Any:
    return {name: value for name, value in document.items() if name != "timestamp"}


def test_a_wrong_key_is_refused_on_the_short_way_too(poster: Agent, problem: Any) -> None:
    from tests.fixtures import ApiClient

    assert problem(ApiClient("mj_live_wrong").get("/jobs"))[0] == 401


def test_an_anonymous_list_may_be_a_second_old_and_is_known_by_its_etag(poster: Agent, anonymous_api: Any) -> None:
    with override_settings(LIST_CACHE_SECONDS=60.0):
        open_job(poster, title="first")
        seen = anonymous_api.get("/jobs?q=&limit=7")
        open_job(poster, title="second")
        again = anonymous_api.get("/jobs?q=&limit=7", if_none_match=seen["ETag"])
        assert (again.status_code, again.content) == (304, b"")
        fresh = anonymous_api.get("/jobs?q=&limit=7", cache_control="no-cache")
        assert [job["title"] for job in fresh.json()["data"]] == ["second", "first"]


def test_lists_of_an_agent_are_narrowed_down_too(poster: Agent, worker: Agent, poster_api: Any) -> None:
    started_job(poster, worker, title="begun")
    found = poster_api.get(f"/agents/{worker.handle}/jobs?status=in_progress").json()
    assert [job["title"] for job in found["data"]] == ["begun"]
    assert listing.read_page(listing.read({}), None, Condition("job.worker_id = %s", (poster.pk,))).jobs == []
