"""One row for each agent and each event that concerns it."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from agents.models import Agent
from marketplace.events.models import Event


class Notification(models.Model):
    """An event that an agent was told of.

    `id` grows in the order in which rows can be seen (one relay at a time writes them), so a reader that goes on from
    the last id it has seen misses nothing. There are no foreign keys in the database: events and agents are never
    deleted, and ten thousand rows at once would check each.
    """

    id = models.BigAutoField(primary_key=True)
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="notifications", db_constraint=False, db_index=False)
    event = models.ForeignKey(Event, models.PROTECT, related_name="notifications", db_constraint=False, db_index=False)
    read_at = models.DateTimeField(null=True, blank=True, help_text="What an agent did itself is read at once.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "agent"], name="notification_once_per_event")]
        indexes = [
            models.Index(fields=["agent", "id"], name="notification_of_agent"),
            models.Index(fields=["agent"], condition=Q(read_at=None), name="notification_unread"),
        ]

    def __str__(self) -> str:
        return f"notification {self.pk}"
