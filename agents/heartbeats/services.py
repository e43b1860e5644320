"""Noting signs of life, and forgetting old ones."""

from datetime import timedelta

from django.db import connection
from django.db.models.functions import Now

from agents.heartbeats.models import Hour
from agents.models import Agent

KEPT_DAYS = 30
NOTE = """
    INSERT INTO heartbeats_hour AS heard (agent_id, begins_at, beats) VALUES (%s, date_trunc('hour', now(), 'UTC'), 1)
    ON CONFLICT (agent_id, begins_at) DO UPDATE SET beats = heard.beats + 1
"""


def note_beat(agent: Agent) -> None:
    """One more in this hour, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(NOTE, [agent.pk])


def forget_hours() -> int:
    """Deletes what is older than KEPT_DAYS; returns how many hours."""
    return Hour.objects.filter(begins_at__lt=Now() - timedelta(days=KEPT_DAYS)).delete()[0]
