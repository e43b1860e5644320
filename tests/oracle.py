"""The oracle: what must be true of the whole database after every test, whatever the test was about.

tests/conftest.py asks it after each test that touches the database.
"""

from collections.abc import Iterator

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


def assert_books_sound() -> None:
    """Fails with a line for each thing that is wrong."""
    wrong = [str(finding) for finding in what_is_wrong()]
    assert not wrong, "\n".join(wrong)
