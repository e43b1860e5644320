"""Endpoints, and the way of an event to them: fan out, claim, send, record."""

import asyncio
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpcore2
import structlog
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from agents.models import Agent
from agents.rules import require_control
from agents.webhooks import egress, signing
from agents.webhooks.models import Delivery, Endpoint
from marketplace.encryption import decrypt, encrypt
from marketplace.events import services as events

logger = structlog.get_logger(__name__)

# Waits between attempts (SURVIVE, Standard Webhooks: recommended schedule): eleven attempts over three days.
WAITS = [
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
]
MOST_JITTER = timedelta(minutes=15)
SLOW_DOWN = timedelta(seconds=60)
LONGEST_RETRY_AFTER = timedelta(hours=24)
SLOW_DOWN_STATUSES = frozenset({429, 502, 504})
GONE = 410
CLAIM_BATCH = 64


@transaction.atomic
def set_endpoint(
    *, agent: Agent, url: str, actor: Agent, secret: str = "", enabled: bool = True
) -> tuple[Endpoint, str]:
    """Sends the agent's webhooks to `url`; returns the secret that signs them, for its owner to keep.

    The secret is made with the first URL and stays when the URL changes. Raises Invalid naming `webhookUrl`.
    """
    require_control(actor, agent)
    egress.check_url(url, "webhookUrl")
    Agent.objects.select_for_update(of=("self",), no_key=True).get(pk=agent.pk)
    endpoint = agent.webhook_endpoints.order_by("created_at").first() or Endpoint(agent=agent)
    secret = secret or _kept_secret(endpoint) or signing.new_secret()
    endpoint.url, endpoint.enabled, endpoint.disabled_reason = url, enabled, ""
    endpoint.encrypted_secret = encrypt(secret.encode())
    endpoint.save()
    events.emit("webhook.set", actor=actor, data={"agentId": agent.handle, "endpointId": str(endpoint.pk)})
    return endpoint, secret


def _kept_secret(endpoint: Endpoint) -> str:
    """The endpoint's secret; none if it is new, or if the key that encrypted it is gone."""
    try:
        return decrypt(bytes(endpoint.encrypted_secret)).decode() if endpoint.encrypted_secret else ""
    except InvalidToken:
        return ""


@transaction.atomic
def remove_endpoints(*, agent: Agent, actor: Agent) -> None:
    """The agent hears nothing more by webhook."""
    require_control(actor, agent)
    if agent.webhook_endpoints.filter(enabled=True).update(enabled=False, disabled_reason="removed"):
        events.emit("webhook.removed", actor=actor, data={"agentId": agent.handle})


def fan_out(event_ids: Sequence[int]) -> int:
    """The deliveries of these events, one for each endpoint that wants one; returns how many. Reads the outbox."""
    with connection.cursor() as cursor:
        cursor.execute(FAN_OUT, [list(event_ids)])
        return cursor.rowcount


FAN_OUT = """
    INSERT INTO webhooks_delivery (endpoint_id, event_id, status, attempts, last_error)
    SELECT endpoint.id, event.id, 'PENDING', 0, ''
      FROM events_event event
      JOIN webhooks_endpoint endpoint ON endpoint.agent_id = ANY (event.audience)
     WHERE event.id = ANY (%s) AND endpoint.enabled
       AND (endpoint.types = '{}' OR event.type = ANY (endpoint.types))
     ORDER BY event.id
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Claim:
    """A delivery that this worker alone may attempt until its lease ends."""

    delivery: Delivery
    leased_until: datetime


@transaction.atomic
def claim_due() -> list[Claim]:
    """Leases deliveries that are due, in one short transaction: nothing is open while we talk to the network."""
    due = (
        Delivery.objects.filter(status=Delivery.Status.PENDING, next_attempt_at__lte=Now())
        .exclude(leased_until__gt=Now())
        .order_by("next_attempt_at")
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("endpoint", "event")
        .annotate(lease_ends=Now() + timedelta(seconds=settings.WEBHOOK_LEASE_SECONDS))
    )
    claims = [Claim(delivery, delivery.lease_ends) for delivery in due[:CLAIM_BATCH]]
    if claims:
        ids = [claim.delivery.pk for claim in claims]
        Delivery.objects.filter(pk__in=ids).update(leased_until=claims[0].leased_until)
    return claims


def deliver(claims: Sequence[Claim]) -> None:
    """Sends all of them at once and records what came back."""
    wanted = [claim for claim in claims if claim.delivery.endpoint.enabled]
    for claim in claims:
        if not claim.delivery.endpoint.enabled:
            _settle(claim, status=Delivery.Status.FAILED, last_error="the endpoint is disabled")
    for claim, answer in zip(wanted, asyncio.run(_send_all(wanted)), strict=True):
        record(claim, answer)


async def _send_all(claims: Iterable[Claim]) -> list[egress.Answer]:
    async with egress.new_pool() as pool:
        return await asyncio.gather(*(_attempt(pool, claim) for claim in claims))


async def _attempt(pool: httpcore2.AsyncConnectionPool, claim: Claim) -> egress.Answer:
    """What came of one of them; a secret that no key of ours decrypts is that endpoint's trouble alone."""
    try:
        headers = _headers(claim)
    except InvalidToken:
        return egress.Answer(None, "the signing secret cannot be read; was SECRET_KEY changed?")
    return await egress.send(pool, claim.delivery.endpoint.url, headers, claim.delivery.event.message)


def _headers(claim: Claim) -> dict[str, str]:
    delivery = claim.delivery
    signature = signing.headers(
        secret=decrypt(bytes(delivery.endpoint.encrypted_secret)).decode(),
        message_id=str(delivery.event.uid),
        body=delivery.event.message,
        at=timezone.now(),
    )
    return {"content-type": "application/json", "user-agent": "Guildhall", **signature}


def record(claim: Claim, answer: egress.Answer) -> None:
    """Ends the delivery, or says when it is tried again; 410 disables the endpoint."""
    if answer.accepted:
        _settle(
            claim,
            status=Delivery.Status.DELIVERED,
            delivered_at=Now(),
            response_status=answer.status,
            last_error="",
        )
        return
    if answer.status == GONE:
        Endpoint.objects.filter(pk=claim.delivery.endpoint_id).update(
            enabled=False, disabled_reason="the receiver answered 410 Gone"
        )
    wait = _wait(claim.delivery.attempts, answer)
    error = answer.error or f"answered {answer.status}"
    if wait is None or answer.status == GONE:
        _settle(claim, status=Delivery.Status.FAILED, response_status=answer.status, last_error=error)
    else:
        _settle(claim, next_attempt_at=Now() + wait, response_status=answer.status, last_error=error)
    logger.info("webhook_not_accepted", delivery=claim.delivery.pk, error=error)


def _settle(claim: Claim, **changes: object) -> None:
    """Writes the outcome unless the lease ended and another worker has the delivery now."""
    Delivery.objects.filter(
        pk=claim.delivery.pk, status=Delivery.Status.PENDING, leased_until=claim.leased_until
    ).update(attempts=F("attempts") + 1, leased_until=None, **changes)


def _wait(attempts_before: int, answer: egress.Answer) -> timedelta | None:
    """How long until the next attempt, or None after the last. Jitter is only added, so nothing comes early."""
    if attempts_before >= len(WAITS):
        return None
    wait = WAITS[attempts_before]
    wait += random.uniform(0, 1) * min(MOST_JITTER, wait * 0.2)  # noqa: S311  (spreads load, keeps no secret)
    if answer.timed_out or answer.status in SLOW_DOWN_STATUSES:
        wait = max(wait, SLOW_DOWN)
    if answer.retry_after.isdecimal():
        wait = max(wait, min(timedelta(seconds=int(answer.retry_after[:6])), LONGEST_RETRY_AFTER))
    return wait
