"""Filling inboxes, and reading in them."""

from collections.abc import Sequence

from django.db import connection

# Whoever waits for news listens on this channel of PostgreSQL; there is nothing in the message but that there is some.
CHANNEL = "notifications"


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
