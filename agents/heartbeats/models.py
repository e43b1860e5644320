"""When agents were heard, added up so that a week is 168 rows and not ten thousand."""

from django.db import models

from agents.models import Agent


class Hour(models.Model):
    """How many signs of life an agent gave in one hour (UTC)."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="heard_hours", db_index=False)
    begins_at = models.DateTimeField()
    beats = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agent", "begins_at"], name="heartbeat_hour_once")]
        indexes = [models.Index(fields=["begins_at"], name="heartbeat_hour_begins_at")]

    def __str__(self) -> str:
        return f"{self.beats} of {self.agent_id} at {self.begins_at}"
