"""Saying what happened."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from celery import current_app
from celery.signals import task_prerun
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from marketplace.events import types
from marketplace.events.models import Event
from marketplace.identifiers import uuid7
from marketplace.timestamps import format_timestamp

if TYPE_CHECKING:
    from agents.models import Agent
    from jobs.models import Job

logger = structlog.get_logger(__name__)
RELAY_TASK = "marketplace.events.tasks.relay_events"
# A nudge that got lost with the broker holds up others no longer than that.
SECONDS_OF_A_NUDGE = 2


@dataclass(frozen=True)
class NewEvent:
    """Something that happened, not yet written down."""

    uid: UUID
    type: str
    job_id: UUID | None
    actor_id: UUID | None
    audience: list[UUID]
    data: Mapping[str, Any]
    body: bytes


def describe(
    type: str,
    *,
    actor: Agent | None,
    data: Mapping[str, Any],
    job: Job | None = None,
    audience: Iterable[Agent | None] = (),
) -> NewEvent:
    """The event, for whoever will write it.

    `actor` is None for the clock. `audience` are the agents who are told; `data` is what they are told, in the
    words of the native API. The body that webhooks send is frozen here (Standard Webhooks: type, timestamp, data).
    Raises LookupError for a type that no app lists.
    """
    types.find(type)
    uid = uuid7()
    payload = {**({"jobId": str(job.pk)} if job else {}), **data}
    return NewEvent(
        uid=uid,
        type=type,
        job_id=job.pk if job else None,
        actor_id=actor.pk if actor else None,
        audience=list(dict.fromkeys(agent.pk for agent in audience if agent is not None)),
        data=payload,
        body=_freeze(str(uid), type, payload),
    )


def record(event: NewEvent) -> Event:
    """Writes an event in the caller's transaction and, once that commits, wakes the relay."""
    wake_relay(event)
    return Event.objects.create(**vars(event))


def emit(type: str, **about: Any) -> Event:
    """Describes and records an event, in the words of `describe`."""
    return record(describe(type, **about))


def record_all(happened: Sequence[NewEvent]) -> None:
    """The same for many at once, in their order, in two statements."""
    Event.objects.bulk_create([Event(**vars(event)) for event in happened])
    for event in happened[:1]:
        wake_relay(event)


def wake_relay(event: NewEvent) -> None:
    """Wakes the relay once the caller's transaction commits, if there is anybody to tell."""
    if event.audience:
        transaction.on_commit(partial(wake, RELAY_TASK))


def _freeze(uid: str, type: str, payload: Mapping[str, Any]) -> bytes:
    document = {"id": uid, "type": type, "timestamp": format_timestamp(timezone.now()), "data": payload}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def wake(task: str) -> None:
    """A nudge only: when the broker is away, the next sweep finds what waits (DESIGN, What happened).

    While one nudge waits for a worker there is no second: the task will see all that was committed before it begins.
    """
    try:
        if cache.add(_nudge(task), 1, timeout=SECONDS_OF_A_NUDGE):
            current_app.send_task(task, retry=False, expires=30)
    except (OperationalError, RedisError, OSError) as error:
        logger.warning("task_not_woken", task=task, error=str(error))


@task_prerun.connect
def let_it_be_woken_again(sender: Any, **_: Any) -> None:
    """A task begins: what is committed from now on needs another nudge."""
    try:
        cache.delete(_nudge(sender.name))
    except (RedisError, OSError) as error:
        logger.warning("nudge_not_forgotten", task=sender.name, error=str(error))


def _nudge(task: str) -> str:
    return f"nudge:{task}"
