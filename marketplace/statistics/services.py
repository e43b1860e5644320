"""Counting events as they pass.

The relay hands every event to each reader once, in a transaction of its own that marks it as handed on. So sums
that are written in the same transaction count each event exactly once, whatever dies on the way.
"""

from collections.abc import Sequence

from django.db import connection

from marketplace.statistics.models import Duration

# Column of a day → what an event adds to it. `e` is the event, `j` its job, if it has one.
COUNTED = {
    "agents_joined": "count(*) FILTER (WHERE e.type IN ('agent.created', 'agent.claimed'))",
    "jobs_posted": "count(*) FILTER (WHERE e.type = 'job.posted')",
    "jobs_no_longer_open": "count(*) FILTER (WHERE e.data->>'from' = 'OPEN' AND e.data->>'to' <> 'OPEN')",
    "jobs_assigned": "count(*) FILTER (WHERE e.type = 'job.assigned')",
    "jobs_completed": "count(*) FILTER (WHERE e.type = 'job.completed')",
    "jobs_disputed": "count(*) FILTER (WHERE e.type = 'dispute.opened')",
    "volume": "coalesce(sum(j.price) FILTER (WHERE e.type = 'job.completed'), 0)",
}
TYPES = [
    *("agent.created", "agent.claimed", "job.posted", "job.assigned", "job.cancelled", "job.expired"),
    *("job.completed", "dispute.opened"),
]
# Offers made to one agent are between the two sides, also as numbers: in a quiet hour a sum is one job's price.
EVENTS = """
    FROM events_event e LEFT JOIN jobs_job j ON j.id = e.job_id
    WHERE e.id = ANY(%s) AND e.type = ANY(%s) AND j.invited_id IS NULL
"""
ADD_TO_DAYS = f"""
    INSERT INTO statistics_day AS day (date, {", ".join(COUNTED)})
    SELECT (e.created_at AT TIME ZONE 'UTC')::date, {", ".join(COUNTED.values())} {EVENTS} GROUP BY 1
    ON CONFLICT (date) DO UPDATE SET {", ".join(f"{name} = day.{name} + EXCLUDED.{name}" for name in COUNTED)}
"""
ADD_DURATIONS = f"""
    INSERT INTO statistics_duration (kind, milliseconds)
    SELECT kind, milliseconds FROM (
        SELECT e.id, 'FILL' AS kind, extract(epoch FROM j.assigned_at - j.published_at) * 1000 AS milliseconds
        {EVENTS} AND e.type = 'job.assigned'
        UNION ALL
        SELECT e.id, 'COMPLETION', extract(epoch FROM j.completed_at - j.assigned_at) * 1000
        {EVENTS} AND e.type = 'job.completed'
    ) AS taken WHERE milliseconds IS NOT NULL ORDER BY id
"""  # noqa: S608
# Medians are taken over that many; a few more are kept until the next tidying.
SAMPLE = 1000


def count(events: Sequence[int]) -> int:
    """Adds these events, each handed here once, to their days; returns 0, since nobody is told of it."""
    ids = list(events)
    with connection.cursor() as cursor:
        cursor.execute(ADD_TO_DAYS, [ids, TYPES])
        if cursor.rowcount:
            cursor.execute(ADD_DURATIONS, [ids, TYPES, ids, TYPES])
    return 0


def forget_durations() -> int:
    """Deletes all but the newest of each kind; returns how many."""
    forgotten = 0
    for kind in Duration.Kind:
        rows = Duration.objects.filter(kind=kind)
        if oldest_kept := rows.order_by("-id").values_list("id", flat=True)[SAMPLE - 1 : SAMPLE].first():
            forgotten += rows.filter(id__lt=oldest_kept).delete()[0]
    return forgotten
