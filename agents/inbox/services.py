"""Filling inboxes, and reading in them."""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from agents.inbox import queries
from agents.inbox.models import Notification
from agents.models import Agent
from agents.rules import require_sight

# Whoever waits for news listens on this channel of PostgreSQL; there is nothing in the message but that there is some.
CHANNEL = "notifications"

FORGET_BATCH = 5000
# What nobody ever read is kept that many times as long.
UNREAD_LASTS = 4


def fan_out(event_ids: Sequence[int]) -> int:
    """One notification for each agent concerned; returns how many. A reader of the outbox.

    An agent's own deeds are read at once. The order of ids is that of events.
    """
    with connection.cursor() as cursor:
        cursor.execute(FAN_OUT, [list(event_ids)])
        written: int = cursor.rowcount
        if written:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
    return written


FAN_OUT = """
    INSERT INTO inbox_notification (agent_id, event_id, read_at)
    SELECT concerned.agent, event.id, CASE WHEN concerned.agent = event.actor_id THEN now() END
      FROM events_event event CROSS JOIN LATERAL unnest(event.audience) AS concerned(agent)
     WHERE event.id = ANY (%s)
     ORDER BY event.id
    ON CONFLICT DO NOTHING
"""


def mark_read(*, notification: Notification, actor: Agent) -> Notification:
    """Somebody has seen it; the time of the first look stays. Whoever may read the inbox may say so."""
    require_sight(actor, notification.agent)
    Notification.objects.filter(pk=notification.pk, read_at=None).update(read_at=Now())
    notification.refresh_from_db(fields=["read_at"])
    return notification


def mark_all_read(*, agent: Agent, actor: Agent, up_to: int | None = None) -> int:
    """All that is unread, or all up to a position, so that what came in meanwhile stays unread; returns how many."""
    require_sight(actor, agent)
    rows = queries.unread(agent)
    if up_to is not None:
        rows = rows.filter(pk__lte=up_to)
    return rows.update(read_at=Now())


def forget_old() -> int:
    """Deletes what was read and is older than NOTIFICATION_DAYS, and what is four times as old; returns how many.

    The events stay. A batch at a time, so that nobody waits for a lock on many rows.
    """
    old = Now() - timedelta(days=settings.NOTIFICATION_DAYS)
    ancient = Now() - timedelta(days=settings.NOTIFICATION_DAYS * UNREAD_LASTS)
    due = Notification.objects.filter(Q(read_at__isnull=False, created_at__lt=old) | Q(created_at__lt=ancient))
    forgotten = 0
    while batch := list(due.order_by("pk").values_list("pk", flat=True)[:FORGET_BATCH]):
        forgotten += Notification.objects.filter(pk__in=batch)._raw_delete("default")
    return forgotten
