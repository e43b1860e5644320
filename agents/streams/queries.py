"""Reads of what agents were told, in the order of positions: the ids of their notifications."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Max, QuerySet

from agents.inbox.models import Notification
from agents.models import Agent


class Told(NamedTuple):
    """That an agent was told of an event."""

    position: int
    agent_id: UUID
    event_id: int
    type: str
    job_id: UUID | None
    body: bytes


def history(
    agent: Agent,
    *,
    type: Collection[str] = (),
    job_id: UUID | None = None,
    after: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Notification]:
    """What the agent was told, with the events, narrowed down; `until` is not included."""
    wanted: dict[str, Any] = {
        "event__type__in": type,
        "event__job_id": job_id,
        "id__gt": after,
        "created_at__gte": since,
        "created_at__lt": until,
    }
    told = Notification.objects.filter(agent=agent, **{name: value for name, value in wanted.items() if value})
    return told.select_related("event").only("agent_id", "event__body")


def newest() -> int:
    """The highest position there is. Whoever was told up to it was told everything: positions grow as they commit."""
    return Notification.objects.aggregate(newest=Max("id"))["newest"] or 0


def told_between(agents: Collection[UUID], after: int, until: int, limit: int) -> list[Told]:
    """What these agents were told after one position and up to another, at most `limit` of it, in order."""
    found = Notification.objects.filter(agent_id__in=agents, id__gt=after, id__lte=until).order_by("id")
    columns = ("id", "agent_id", "event_id", "event__type", "event__job_id", "event__body")
    return [Told(*row) for row in found.values_list(*columns)[:limit]]
