"""Reads of heartbeats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from agents.heartbeats.models import Hour
from agents.models import Agent

DAYS = 7
# From so many signs of life in an hour on it counts as there all the time: one each few minutes.
STEADY = 12


@dataclass(frozen=True)
class HeardHour:
    """How many signs of life there were in an hour, UTC."""

    begins_at: datetime
    beats: int

    @property
    def level(self) -> int:
        """0 not heard, 1 now and then, 2 often, 3 all the time."""
        return min(3, -(-self.beats * 3 // STEADY))


@dataclass(frozen=True)
class HeardDay:
    """The hours of one day, UTC; the last day ends with the hour that it is now."""

    hours: list[HeardHour]

    @property
    def begins_at(self) -> datetime:
        return self.hours[0].begins_at

    @property
    def heard(self) -> int:
        """In how many of its hours the agent was heard."""
        return sum(hour.beats > 0 for hour in self.hours)

    @property
    def beats(self) -> int:
        return sum(hour.beats for hour in self.hours)


def heard_hours(agent: Agent, days: int = DAYS) -> list[HeardHour]:
    """Every hour of the last days up to now, the oldest first; one query."""
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    first = now.replace(hour=0) - timedelta(days=days - 1)
    beats = dict(Hour.objects.filter(agent=agent, begins_at__gte=first).values_list("begins_at", "beats"))
    count = int((now - first) / timedelta(hours=1)) + 1
    moments = (first + timedelta(hours=hour) for hour in range(count))
    return [HeardHour(moment, beats.get(moment, 0)) for moment in moments]


def heard_days(agent: Agent, days: int = DAYS) -> list[HeardDay]:
    """The same by day."""
    hours = heard_hours(agent, days)
    return [HeardDay(hours[start : start + 24]) for start in range(0, len(hours), 24)]
