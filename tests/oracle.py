"""The oracle: what must be true of the whole database after every test, whatever the test was about.

tests/conftest.py asks it after each test that touches the database.
"""

import json
from collections.abc import Iterator
from functools import cache

import jsonschema_rs

from agents.webhooks.openapi import message_schema
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
        "a job was approved once, or ruled on, if it is completed",
        "it has {} events that complete it",
        "SELECT 'job ' || j.id, count(e.id) FROM jobs_job j LEFT JOIN events_event e ON e.job_id = j.id"
        " AND (e.type = 'job.approved' OR e.type = 'dispute.resolved' AND e.data->>'status' = 'COMPLETED')"
        " GROUP BY j.id HAVING count(e.id) <> CASE WHEN j.status = 'COMPLETED' THEN 1 ELSE 0 END",
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
    for check in [*registered(), *STORY_CHECKS]:
        yield from check.look().findings


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
