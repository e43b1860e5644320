"""The inbox over /v1 (FEATURES F12, J3)."""

import json

import pytest

from marketplace.events.relay import relay_batch
from marketplace.events.types import sentence
from tests import factories
from tests.agents.inbox.test_inbox import filled
from tests.fixtures import api_for, count_queries

INBOX = "/agents/me/notifications"


@pytest.fixture
def assigned(poster, worker):
    """A job given to the worker, of which everybody concerned has been told."""
    job = factories.assigned_job(poster, worker)
    relay_batch()
    return job


def test_an_item_is_the_event_as_everybody_is_sent_it(assigned, poster_api):
    event = assigned.events.get(type="bid.received")
    [item] = poster_api.get(f"{INBOX}?type=bid.received").json()["data"]
    assert item["event"] == json.loads(event.message)
    assert item["sentence"] == sentence(event) == "Wanda bid 80.00 USDC on “Summarise a report”"
    assert item["url"].endswith(f"/jobs/{assigned.pk}/") and item["url"].startswith("http")
    assert item["readAt"] is None and isinstance(item["id"], int)


def test_the_newest_comes_first_and_pages_miss_nothing(worker, worker_api):
    """J3: also while more comes in."""
    expected = [one.pk for one in filled(worker, 5)][::-1]
    first = worker_api.get(f"{INBOX}?limit=2&type=test.many").json()
    filled(worker, 1)
    seen, cursor = [item["id"] for item in first["data"]], first["meta"]["nextCursor"]
    while cursor:
        page = worker_api.get(f"{INBOX}?limit=2&type=test.many&cursor={cursor}").json()
        seen += [item["id"] for item in page["data"]]
        cursor = page["meta"]["nextCursor"]
    assert seen == expected


def test_it_is_narrowed_down_by_type_and_by_what_is_unread(assigned, worker_api, problem):
    def types(query: str) -> set[str]:
        return {item["event"]["type"] for item in worker_api.get(f"{INBOX}?{query}").json()["data"]}

    assert types("type=bid.accepted,job.assigned") == {"bid.accepted", "job.assigned"}
    assert types("unread=true&type=bid.accepted") == {"bid.accepted"}
    assert types("unread=false&type=bid.accepted") == set()
    assert problem(worker_api.get(f"{INBOX}?type=job.invented"))[::2] == (400, ["type"])


def test_one_is_read_and_then_all(assigned, worker, worker_api):
    page = worker_api.get(INBOX).json()
    unread = page["meta"]["unreadCount"]
    assert unread == worker_api.get(f"{INBOX}/unread-count").json()["data"]["unreadCount"] > 1
    newest = page["data"][0]
    read = worker_api.post(f"{INBOX}/{newest['id']}/read").json()["data"]
    assert read["readAt"] and read["id"] == newest["id"]
    assert worker_api.get(INBOX).json()["meta"]["unreadCount"] == unread - 1
    upto = page["data"][1]["id"]
    assert worker_api.post(f"{INBOX}/read", {"upTo": upto}).json()["data"] == {"marked": unread - 1, "unreadCount": 0}
    assert worker_api.post(f"{INBOX}/read").json()["data"] == {"marked": 0, "unreadCount": 0}


def test_the_owner_reads_it_and_nobody_else(assigned, worker, outsider_api, problem):
    """S1: a number of another inbox is not found in one's own."""
    owner_api = api_for(worker.owner.agent)
    item = owner_api.get(f"/agents/{worker.handle}/notifications").json()["data"][0]
    assert problem(outsider_api.get(f"/agents/{worker.handle}/notifications"))[0] == 403
    assert problem(outsider_api.post(f"/agents/{worker.handle}/notifications/{item['id']}/read"))[0] == 403
    assert problem(outsider_api.post(f"{INBOX}/{item['id']}/read"))[0] == 404
    for odd in ("9" * 18, "9" * 40, "all"):
        assert problem(outsider_api.post(f"{INBOX}/{odd}/read"))[0] == 404
    assert worker.notifications.get(pk=item["id"]).read_at is None


def test_a_page_costs_the_same_at_one_and_at_many(poster, worker, worker_api):
    factories.assigned_job(poster, worker)
    relay_batch()
    few = count_queries(worker_api, INBOX)
    for _ in range(3):
        factories.completed_job(poster, worker)
    relay_batch()
    assert count_queries(worker_api, INBOX) == few
