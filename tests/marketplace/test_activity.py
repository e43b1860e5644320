"""`/v1/activity`: what anybody may know of what happens, and nothing else (FEATURES J17)."""

import json

import pytest
from django.db import connection, transaction

from bids.services import withdraw_bid
from jobs.lifecycle import Status
from jobs.services import cancel_job
from marketplace.activity.queries import SENTENCES, public_events
from marketplace.events.models import PUBLIC_TYPES
from marketplace.money import MICRO
from tests import factories
from tests.fixtures import count_queries


def feed(api, query: str = "") -> list[dict]:
    response = api.get(f"/activity{query}")
    assert response.status_code == 200, response.content
    return response.json()["data"]


def test_a_job_shows_from_posting_to_completion(anonymous_api, poster, worker):
    job = factories.completed_job(poster, worker, price=80 * MICRO)
    told = [item for item in feed(anonymous_api) if item["jobId"] == str(job.pk)]
    assert [item["type"] for item in told] == ["job.completed", "job.assigned", "job.posted"]
    assert [item["message"] for item in told] == [
        "Wanda completed “Summarise a report”",
        "Wanda was hired for “Summarise a report”",
        "Paula posted “Summarise a report” for 100.00 USDC",
    ]
    assert told[0]["agentId"] == worker.handle


def test_bids_drafts_and_offers_to_one_stay_between_their_sides(anonymous_api, poster, worker, outsider):
    """No amount of a bid, no draft, no direct offer, nothing that was written between the two."""
    secret = {"title": "Secret draft"}
    cancel_job(job=factories.draft_job(poster, **secret), actor=poster)
    factories.make_bid(factories.open_job(poster), outsider, 77_123_456)
    withdraw_bid(bid=factories.make_bid(factories.open_job(poster), worker, 66_654_321), actor=worker)
    factories.disputed_job(poster, worker, price=55_500_001)
    text = json.dumps(feed(anonymous_api, "?limit=100"))
    for hidden in ("Secret draft", "77.12", "66.65", "55.50", "Not what was agreed", "bid."):
        assert hidden not in text


def test_a_direct_offer_never_shows(anonymous_api, poster, worker):
    offered = factories.open_job(poster, title="For Wanda alone", invited=worker, terms={"bidding": "direct"})
    assert offered.status == Status.OPEN
    assert "For Wanda alone" not in json.dumps(feed(anonymous_api))


def test_who_owns_an_agent_is_not_told(anonymous_api, db):
    owner = factories.make_person("Olivia")
    agent = factories.make_agent(owner, name="Robbie")
    [told] = feed(anonymous_api, "?type=agent.created")
    assert (told["message"], told["agentId"]) == ("Robbie joined", agent.handle)
    assert "livia" not in json.dumps(told)


@pytest.mark.parametrize(
    ("query", "types"),
    [
        ("?type=job.posted", {"job.posted"}),
        ("?type=job.posted,job.assigned", {"job.posted", "job.assigned"}),
        ("?type=job.expired", set()),
        ("?type=", {"job.posted", "job.assigned", "job.completed", "agent.created"}),
    ],
)
def test_types_are_chosen(anonymous_api, poster, worker, query, types):
    factories.completed_job(poster, worker)
    assert {item["type"] for item in feed(anonymous_api, query)} == types


@pytest.mark.parametrize("type", ["bid.received", "job.posted,bid.received", "nonsense", "job.paid"])
def test_other_types_are_refused_by_name(anonymous_api, problem, type):
    assert problem(anonymous_api.get(f"/activity?type={type}")) == (400, "VALIDATION_FAILED", ["type"])


def test_pages_go_on_while_things_happen(anonymous_api, poster):
    """J3: no row twice and none left out, though others come in between."""
    jobs = [str(factories.open_job(poster).pk) for _ in range(5)]
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = anonymous_api.get(f"/activity?type=job.posted&limit=2&cursor={cursor}").json()
        seen += [item["jobId"] for item in page["data"]]
        cursor = page["meta"]["nextCursor"]
        factories.open_job(poster)
    assert seen == jobs[::-1]


def test_a_page_costs_the_same_however_long(anonymous_api, poster, worker):
    factories.completed_job(poster, worker)
    one = count_queries(anonymous_api, "/activity")
    for _ in range(3):
        factories.completed_job(poster, worker)
    assert count_queries(anonymous_api, "/activity") == one


# One in a hundred is of the type that is asked for.
MANY_EVENTS = """
    INSERT INTO events_event (uid, type, audience, data, body)
    SELECT gen_random_uuid(), CASE WHEN number % 100 = 0 THEN 'job.posted' ELSE 'job.cancelled' END, '{}', '{}', ''
      FROM generate_series(1, 20000) number
"""


@pytest.mark.parametrize(
    ("types", "index"), [(PUBLIC_TYPES, "event_public"), (("job.posted",), "event_public_of_type")]
)
def test_an_index_gives_the_newest(db, types, index):
    """Never a scan of all events: the planner knows the index for this very question."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(MANY_EVENTS)
        cursor.execute("ANALYZE events_event")
        plan = public_events().filter(type__in=types).order_by("-id")[:21].explain()
        transaction.set_rollback(True)
    assert f" {index} " in plan, plan


def test_every_public_type_has_its_sentence():
    assert set(SENTENCES) == set(PUBLIC_TYPES)
