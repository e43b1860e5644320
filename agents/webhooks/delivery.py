"""The deliveries in the database: who may attempt which, and what became of it.

A claim is a lease: a worker that dies holds up what it had only until the lease ends. No row is locked and no
transaction is open while anybody talks to the network.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson
import structlog
from django.conf import settings
from django.db import connection, transaction

from agents.webhooks.attempts import Claim, Outcome
from agents.webhooks.health import GONE, changing_endpoints, note_health
from agents.webhooks.models import Delivery
from agents.webhooks.schedule import wait_after
from marketplace.events.models import message_of

logger = structlog.get_logger(__name__)

LOCK = "claim of deliveries"
# A worker takes so many of a sound endpoint at once when nobody else has any, and sends a few at a time.
DEPTH = 32
FORGET_BATCH = 5_000
FIRST = UUID(int=0)


@transaction.atomic(savepoint=False)
def claim_due(
    limit: int, *, failing: bool = False, after: UUID = FIRST, held: Mapping[UUID, int] = MappingProxyType({})
) -> list[Claim]:
    """Leases deliveries that are due, in one short transaction.

    Goes from endpoint to endpoint, on from `after`, so that one with ten thousand waiting hides no other; takes those
    of sound endpoints, or of failing ones. All workers together have no more of an endpoint than may be in flight at
    once, unless one worker has all of them; `held` says how many of each the caller has. Twice as many may be for the
    time of a lease, where a batch was begun before those that are leased and committed after them.
    """
    with connection.cursor() as cursor:
        # One claim at a time: the number of leases must not change between counting and claiming. What a crash would
        # undo here is only a lease, so nobody waits for the disk.
        parameters: dict[str, Any] = {
            "lock": LOCK,
            "limit": limit,
            "after": after,
            "failing": failing,
            "lease": timedelta(seconds=settings.WEBHOOK_LEASE_SECONDS),
            "in_flight": 1 if failing else settings.WEBHOOKS_IN_FLIGHT_PER_ENDPOINT,
            "depth": 1 if failing else DEPTH,
            "window": 2 * DEPTH,
            "held": orjson.dumps({str(endpoint): count for endpoint, count in held.items()}).decode(),
        }
        cursor.execute(ALONE + CLAIM, parameters)
        while cursor.nextset():
            pass
        # In the order in which things happened, as far as there is one.
        rows = sorted(cursor.fetchall())
        if not rows:
            return []
        cursor.execute(TARGETS, [list({endpoint for _, endpoint, *_ in rows})])
        targets = {endpoint: target for endpoint, *target in cursor.fetchall()}
    return [
        Claim(*(id, *targets[endpoint], *lease, message_of(sequence, body.encode())))
        for id, endpoint, *lease, sequence, body in rows
    ]


ALONE = "SET LOCAL synchronous_commit = off; SELECT pg_advisory_xact_lock(hashtext(%(lock)s));"
CLAIM = """
    WITH RECURSIVE waiting AS (
        (SELECT endpoint_id FROM webhooks_delivery
          WHERE status = 'PENDING' AND endpoint_id > %(after)s ORDER BY endpoint_id LIMIT 1)
        UNION ALL
        SELECT following.endpoint_id FROM waiting CROSS JOIN LATERAL (
            SELECT endpoint_id FROM webhooks_delivery
             WHERE status = 'PENDING' AND endpoint_id > waiting.endpoint_id ORDER BY endpoint_id LIMIT 1
        ) AS following
    ), chosen AS (
        SELECT due.id
          FROM waiting
         CROSS JOIN LATERAL (
            SELECT FROM webhooks_endpoint
             WHERE id = waiting.endpoint_id AND status = 'ACTIVE' AND (failing_since IS NOT NULL) = %(failing)s
            OFFSET 0 -- looked up one by one, in the order of `waiting`, and no further than the limit
         ) AS endpoint
         CROSS JOIN LATERAL (
            SELECT held.ours,
                greatest(count(*) FILTER (WHERE leased_until > statement_timestamp()), held.ours) AS leases
              FROM (SELECT coalesce((%(held)s::jsonb ->> waiting.endpoint_id::text)::int, 0) AS ours) AS held,
                LATERAL (
                    -- What is leased came before what is not, in the one order in which all are taken (but for what was
                    -- written earlier and committed later). No index need know of leases then: to take one is cheap.
                    SELECT leased_until FROM webhooks_delivery
                     WHERE endpoint_id = waiting.endpoint_id AND status = 'PENDING'
                     ORDER BY next_attempt_at, id LIMIT %(window)s
                ) AS first
             GROUP BY held.ours
         ) AS busy
         CROSS JOIN LATERAL (
            SELECT id FROM webhooks_delivery
             WHERE endpoint_id = waiting.endpoint_id AND status = 'PENDING'
               AND next_attempt_at <= statement_timestamp()
               AND (leased_until IS NULL OR leased_until <= statement_timestamp())
             ORDER BY next_attempt_at, id
             LIMIT greatest(
                 CASE WHEN busy.leases <= busy.ours THEN %(depth)s ELSE %(in_flight)s END - busy.leases, 0)
               FOR NO KEY UPDATE SKIP LOCKED
         ) AS due
         LIMIT %(limit)s
    )
    UPDATE webhooks_delivery delivery SET leased_until = statement_timestamp() + %(lease)s
      FROM chosen, events_event event
     WHERE delivery.id = chosen.id AND event.id = delivery.event_id
    RETURNING delivery.id, delivery.endpoint_id::text, delivery.attempts, delivery.leased_until::text,
        event.uid::text, event.id, convert_from(event.body, 'UTF8')
"""
# Once each, however much was claimed for it.
TARGETS = """
    SELECT id::text, id, url, encrypted_secret,
        CASE WHEN previous_secret_until > statement_timestamp() THEN encrypted_previous_secret ELSE '' END,
        failing_since IS NOT NULL
      FROM webhooks_endpoint WHERE id = ANY (%s::uuid[])
"""


def release(claims: Sequence[Claim]) -> None:
    """Gives back what was not attempted."""
    if not claims:
        return
    with connection.cursor() as cursor:
        cursor.execute(RELEASE, [[claim.id for claim in claims], [claim.leased_until for claim in claims]])


RELEASE = """
    UPDATE webhooks_delivery delivery SET leased_until = NULL
      FROM unnest(%s::bigint[], %s::timestamptz[]) AS claim(id, leased_until)
     WHERE delivery.id = claim.id AND delivery.leased_until = claim.leased_until
"""


@transaction.atomic(savepoint=False)
def record(outcomes: Sequence[Outcome]) -> None:
    """Ends deliveries, or says when they are tried again; notes each attempt, and how its endpoint fares.

    What a worker says whose lease has ended is not noted: another has the delivery now.
    """
    if not outcomes:
        return
    endpoints = changing_endpoints(outcomes)
    with connection.cursor() as cursor:
        rows = orjson.dumps([_settled(outcome) for outcome in outcomes]).decode()
        # A crash that undid this would only have the same id sent again.
        cursor.execute(
            "SET LOCAL synchronous_commit = off;" + RECORD,
            {"ids": [outcome.claim.id for outcome in outcomes], "outcomes": rows},
        )
    by_endpoint = attrgetter("claim.endpoint_id")
    for endpoint_id, its in groupby(sorted(outcomes, key=by_endpoint), key=by_endpoint):
        if endpoint_id in endpoints:
            note_health(endpoints[endpoint_id], list(its))


RECORD = """
    WITH outcome AS (
        SELECT * FROM json_to_recordset(%(outcomes)s) AS outcome(
            delivery_id bigint, attempts int, leased_until timestamptz, status text, wait_seconds float,
            response_status smallint, response_body text, error text, started_at timestamptz, latency_ms int,
            request_headers jsonb)
    ), settled AS (
        UPDATE webhooks_delivery delivery
           SET status = CASE
                   WHEN outcome.status = 'PENDING' AND endpoint.status = 'DISABLED' THEN 'FAILED'
                   -- Somebody asked for it again while it was attempted for the last time.
                   WHEN outcome.status = 'FAILED' AND delivery.attempts < outcome.attempts
                        AND endpoint.status <> 'DISABLED' THEN 'PENDING'
                   ELSE outcome.status
               END,
               attempts = delivery.attempts + 1, leased_until = NULL,
               next_attempt_at = statement_timestamp() + outcome.wait_seconds * interval '1 second',
               response_status = outcome.response_status,
               last_error = outcome.error,
               delivered_at = CASE WHEN outcome.status = 'DELIVERED' THEN statement_timestamp() END
          FROM outcome, webhooks_endpoint endpoint
         WHERE delivery.id = ANY (%(ids)s) AND delivery.id = outcome.delivery_id AND endpoint.id = delivery.endpoint_id
           AND delivery.leased_until = outcome.leased_until
        RETURNING delivery.id
    )
    INSERT INTO webhooks_attempt
        (delivery_id, number, started_at, latency_ms, request_headers, response_status, response_body, error)
    SELECT settled.id, 1 + coalesce((SELECT max(number) FROM webhooks_attempt WHERE delivery_id = settled.id), 0),
           started_at, latency_ms, request_headers, response_status, response_body, error
      FROM settled JOIN outcome ON outcome.delivery_id = settled.id
"""


def give_up(claim: Claim, error: str) -> None:
    """Ends a delivery whose outcome cannot be recorded, lest it be attempted for ever."""
    Delivery.objects.filter(pk=claim.id, leased_until=claim.leased_until).update(
        status=Delivery.Status.FAILED, leased_until=None, last_error=error
    )


def _settled(outcome: Outcome) -> dict[str, Any]:
    """One row of outcomes for the database."""
    claim, answer = outcome.claim, outcome.answer
    wait = None
    if not answer.accepted:
        wait = None if answer.status == GONE else wait_after(claim.attempts, answer)
        logger.info("webhook_not_accepted", delivery=claim.id, status=answer.status, error=answer.error)
    failure = Delivery.Status.FAILED if wait is None else Delivery.Status.PENDING
    return {
        "delivery_id": claim.id,
        "attempts": claim.attempts,
        "leased_until": claim.leased_until,
        "status": str(Delivery.Status.DELIVERED if answer.accepted else failure),
        "wait_seconds": wait.total_seconds() if wait else 0,
        "response_status": answer.status,
        "response_body": _text(answer.body),
        "error": "" if answer.accepted else _text((answer.error or f"answered {answer.status}").encode()),
        "started_at": outcome.started_at,
        "latency_ms": outcome.latency_ms,
        "request_headers": outcome.headers,
    }


def _text(received: bytes) -> str:
    """What PostgreSQL can keep of it."""
    return received.decode(errors="replace").replace("\0", "\ufffd")


def forget(before: datetime) -> int:
    """Deletes one batch of deliveries that were made before then and need nothing more; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [before, FORGET_BATCH])
        return cursor.rowcount


FORGET = """
    WITH old AS (
        SELECT id FROM webhooks_delivery WHERE created_at < %s AND status <> 'PENDING' ORDER BY id LIMIT %s
           FOR UPDATE SKIP LOCKED
    ), attempts AS (
        DELETE FROM webhooks_attempt WHERE delivery_id IN (SELECT id FROM old)
    )
    DELETE FROM webhooks_delivery WHERE id IN (SELECT id FROM old)
"""
