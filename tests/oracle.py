"""The oracle: what must be true of the whole database after every test, whatever the test was about.

tests/conftest.py asks it after each test that touches the database.
"""

import json
from collections.abc import Iterator
from functools import cache
from itertools import compress

import jsonschema_rs

from agents.webhooks.openapi import message_schema
from marketplace.database import prepared_cursor
from marketplace.events import types
from marketplace.events.models import Event
from tests.event_types import OF_TESTS
from wallets.audit.checks import Check, Finding, registered

STORY_CHECKS = [
    Check(
        "an event's frozen body is the event",
        "its body says {} {}",
        "SELECT 'event ' || uid, body->>'type', body->>'id' FROM"
        " (SELECT uid, type, convert_from(body, 'UTF8')::jsonb AS body FROM events_event) e"
        " WHERE body->>'type' <> type OR body->>'id' <> uid::text",
    ),
    Check(
        "a job was assigned once if it ever had a price",
        "it has {} events job.assigned",
        "SELECT 'job ' || j.id, count(e.id) FROM jobs_job j"
        " LEFT JOIN events_event e ON e.job_id = j.id AND e.type = 'job.assigned'"
        " GROUP BY j.id HAVING count(e.id) <> CASE WHEN j.price IS NULL THEN 0 ELSE 1 END",
    ),
    Check(
        "a job was approved once, or its dispute ended so, if it is completed",
        "events completed it {} times more than disputes reopened it",
        "SELECT 'job ' || id, times FROM (SELECT j.id, j.status, coalesce(sum(CASE WHEN e.id IS NULL THEN 0"
        " WHEN e.data->>'from' = 'COMPLETED' THEN -1 ELSE 1 END), 0) AS times"
        " FROM jobs_job j LEFT JOIN events_event e ON e.job_id = j.id AND (e.type = 'job.approved'"
        " OR e.type = 'dispute.opened' AND e.data->>'from' = 'COMPLETED'"
        " OR e.type IN ('dispute.resolved', 'dispute.closed') AND e.data->>'to' = 'COMPLETED') GROUP BY j.id) counted"
        " WHERE times <> CASE WHEN status = 'COMPLETED' THEN 1 ELSE 0 END",
    ),
    Check(
        "a job is disputed if it has an open dispute, and only then",
        "it is {} and has {} open disputes",
        "SELECT 'job ' || j.id, j.status, count(d.id) FROM jobs_job j"
        " LEFT JOIN disputes_dispute d ON d.job_id = j.id AND d.status = 'OPEN'"
        " GROUP BY j.id HAVING count(d.id) <> CASE WHEN j.status = 'DISPUTED' THEN 1 ELSE 0 END",
    ),
    Check(
        "money is divided by a dispute as it ended",
        "it gave {} of {} micro-USDC back and {} transfers divided them",
        "SELECT 'dispute ' || d.id, d.to_poster, j.refund, count(t.id) FROM disputes_dispute d"
        " JOIN jobs_job j ON j.id = d.job_id"
        " LEFT JOIN wallets_transfer t ON t.job_id = j.id AND t.kind = 'DISPUTE_SPLIT' WHERE d.status = 'RESOLVED'"
        " GROUP BY d.id, j.id HAVING d.to_poster IS DISTINCT FROM j.refund"
        " OR count(t.id) <> CASE WHEN j.terms->>'fund_on' = 'never' THEN 0 ELSE 1 END",
    ),
    Check(
        "offers are answered when their dispute is over",
        "it is {} and the dispute {}",
        "SELECT 'offer ' || o.id, o.status, d.status FROM disputes_offer o JOIN disputes_dispute d"
        " ON d.id = o.dispute_id WHERE o.status = 'PENDING' AND d.status <> 'OPEN'"
        " OR o.status = 'ACCEPTED' AND (d.resolution <> 'AGREEMENT' OR d.to_poster <> o.to_poster)",
    ),
    Check(
        "the bids on a job are counted",
        "it counts {} bids and has {}",
        "SELECT 'job ' || j.id, j.bid_count, count(b.id) FROM jobs_job j"
        " LEFT JOIN bids_bid b ON b.job_id = j.id AND b.status <> 'WITHDRAWN'"
        " GROUP BY j.id HAVING j.bid_count <> count(b.id)",
    ),
    Check(
        "no bid is pending on a job that is not open",
        "it is pending on a job that is {}",
        "SELECT 'bid ' || b.id, j.status FROM bids_bid b JOIN jobs_job j ON j.id = b.job_id"
        " WHERE b.status = 'PENDING' AND j.status <> 'OPEN'",
    ),
    Check(
        "webhooks go to those concerned",
        "it goes to agent {}, who is not in the event's audience",
        "SELECT 'delivery ' || d.id, p.agent_id FROM webhooks_delivery d"
        " JOIN webhooks_endpoint p ON p.id = d.endpoint_id JOIN events_event e ON e.id = d.event_id"
        " WHERE NOT p.agent_id = ANY (e.audience)",
    ),
]


def what_is_wrong() -> Iterator[Finding]:
    """All that is wrong with the money, and with the story the rows tell about it."""
    promises = [*registered(), *STORY_CHECKS]
    broken = broken_at_a_glance([promise for promise in promises if isinstance(promise, Check)])
    for promise in promises:
        if promise in broken or not isinstance(promise, Check):
            yield from promise.look().findings


def broken_at_a_glance(checks: list[Check]) -> list[Check]:
    """Those that find something: one statement for all, planned once, as it is asked after every test."""
    answers = ", ".join(f"EXISTS ({check.sql})" for check in checks)
    with prepared_cursor() as cursor:
        # The SQL is the program's own.
        cursor.execute(f"SELECT ARRAY[{answers}]")
        [found] = cursor.fetchone()
    return list(compress(checks, found))


def misdescribed_events() -> Iterator[str]:
    """Every event whose message is not what its type says, or says more than that; those of tests say anything."""
    for event in Event.objects.exclude(type__in=[type.name for type in OF_TESTS]).iterator():
        for error in validator(event.type).iter_errors(json.loads(event.message)):
            yield f"{event} ({'/'.join(map(str, error.instance_path))}): {error.message}"


@cache
def validator(name: str) -> jsonschema_rs.Validator:
    """Of messages of a type, refusing members that its schema does not name."""
    schema = message_schema(types.find(name))
    closed = {**schema["properties"]["data"], "additionalProperties": False}
    properties = {**schema["properties"], "data": closed}
    whole = {**schema, "properties": properties, "additionalProperties": False}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def assert_books_sound() -> None:
    """Fails with a line for each thing that is wrong."""
    wrong = [*map(str, what_is_wrong()), *misdescribed_events()]
    assert not wrong, "\n".join(wrong)
