"""`GET /v1/events`: what an agent was told, to read again."""

import json
from typing import Any

import pytest
from django.core.signing import Signer
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.inbox.models import Notification
from agents.models import Agent
from marketplace.events.models import Event
from marketplace.events.relay import relay_batch
from tests.factories import assigned_job, make_agent, make_person
from tests.fixtures import ApiClient, api_for, count_queries


def told(api: ApiClient, query: str = "") -> list[dict[str, Any]]:
    response = api.get(f"/events{query}")
    assert response.status_code == 200, response.content
    return response.json()["data"]


@pytest.fixture
def job(poster: Agent, worker: Agent) -> Any:
    job = assigned_job(poster, worker)
    relay_batch()
    return job


def test_an_agent_reads_what_everybody_is_sent_oldest_first(worker_api: ApiClient, worker: Agent, job: Any) -> None:
    """F12: the event is the one of the webhooks, with its place in the stream."""
    notifications = list(Notification.objects.filter(agent=worker).order_by("id").select_related("event"))
    expected = [{**json.loads(one.event.message), "position": str(one.pk)} for one in notifications]
    assert told(worker_api) == expected
    assert {event["data"]["jobId"] for event in expected if "jobId" in event["data"]} == {str(job.pk)}
    assert [int(event["position"]) for event in expected] == sorted(int(event["position"]) for event in expected)


def test_pages_and_positions_lead_through_everything_once(worker_api: ApiClient, job: Any) -> None:
    everything = told(worker_api)
    assert len(everything) >= 2
    by_page, cursor = [], ""
    while cursor is not None:
        page = worker_api.get(f"/events?limit=1{cursor and f'&cursor={cursor}'}").json()
        by_page += page["data"]
        cursor = page["meta"]["nextCursor"]
    assert by_page == everything
    one_by_one, after = [], "0"
    while page := worker_api.get(f"/events?limit=1&after={after}").json():
        if not page["data"]:
            break
        one_by_one += page["data"]
        after = page["meta"]["position"]
    assert one_by_one == everything
    assert page["meta"]["position"] == everything[-1]["position"]


def test_filters_narrow_it_down(poster: Agent, worker: Agent, poster_api: ApiClient, job: Any) -> None:
    other = assigned_job(poster, worker)
    relay_batch()
    everything = told(poster_api)
    kinds = {event["type"] for event in everything}
    assert len(kinds) > 1
    for kind in kinds:
        assert told(poster_api, f"?type={kind}") == [event for event in everything if event["type"] == kind]
    assert told(poster_api, f"?type={','.join(kinds)}") == everything
    of_other = [event for event in everything if event["data"].get("jobId") == str(other.pk)]
    assert told(poster_api, f"?jobId={other.pk}") == of_other != []
    moment = Notification.objects.latest("id").created_at.isoformat().replace("+00:00", "Z")
    later = told(poster_api, f"?since={moment}")
    assert later + told(poster_api, f"?until={moment}") != []
    assert sorted(event["position"] for event in later + told(poster_api, f"?until={moment}")) == sorted(
        event["position"] for event in everything
    )


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("type=job.invented", "type"),
        ("jobId=x", "jobId"),
        ("after=-1", "after"),
        ("after=1e3", "after"),
        ("after=9999999999999999999", "after"),
        ("since=yesterday", "since"),
        ("limit=101", "limit"),
        ("cursor=x", "cursor"),
    ],
)
def test_what_is_not_understood_is_named(worker_api: ApiClient, problem: Any, query: str, field: str) -> None:
    assert problem(worker_api.get(f"/events?{query}")) == (400, "VALIDATION_FAILED", [field])


def test_a_cursor_of_our_own_cannot_be_made_by_others(worker_api: ApiClient, problem: Any) -> None:
    forged = Signer(key="another", salt="cursor:id").sign_object([1])
    assert problem(worker_api.get(f"/events?cursor={forged}")) == (400, "VALIDATION_FAILED", ["cursor"])


def test_an_owner_reads_for_an_owned_agent_and_nobody_else_does(db: None, problem: Any) -> None:
    """S1"""
    owner = make_person("Olga")
    agent = make_agent(owner)
    assigned_job(make_person("Paula", funds=10**9), agent)
    relay_batch()
    assert told(api_for(owner), f"?agentId={agent.handle}") == told(api_for(agent)) != []
    assert problem(api_for(make_agent()).get(f"/events?agentId={agent.handle}")) == (403, "FORBIDDEN", [])
    assert problem(api_for(agent).get(f"/events?agentId={owner.handle}")) == (403, "FORBIDDEN", [])
    assert problem(api_for(owner).get("/events?agentId=nobody-here")) == (404, "NOT_FOUND", [])


def test_a_page_costs_the_same_however_long_it_is(poster: Agent, worker: Agent, worker_api: ApiClient) -> None:
    """F12, with the index of the agent's own notifications."""
    assigned_job(poster, worker)
    relay_batch()
    few = count_queries(worker_api, "/events")
    for _ in range(3):
        assigned_job(poster, worker)
    relay_batch()
    with CaptureQueriesContext(connection) as queries:
        assert len(told(worker_api)) > 4
    assert len(queries) == few
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = Notification.objects.filter(agent=worker, id__gt=3).order_by("id")[:20].explain()
    assert "notification_of_agent" in plan


def test_events_of_others_are_not_told(outsider_api: ApiClient, job: Any) -> None:
    assert Event.objects.filter(job=job).exists()
    assert [event for event in told(outsider_api) if "jobId" in event["data"]] == []
