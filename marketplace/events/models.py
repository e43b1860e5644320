"""The outbox: one row for each thing that happened, written in the transaction that made it happen."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from marketplace.identifiers import uuid7

# What the public feed shows some of (marketplace.activity). An index serves exactly these: another one is a migration.
PUBLIC_TYPES = (
    *("agent.claimed", "agent.created"),
    *("job.assigned", "job.cancelled", "job.completed", "job.expired", "job.posted"),
)


class Event(models.Model):
    """Something that happened. The audit log, webhooks, inbox and e-mail are all readers of this one table.

    `id` grows in the order in which the events of one job happened, because a job's events are written under its
    row lock; readers use it as the sequence. Only `relayed_at` ever changes.
    """

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    type = models.CharField(max_length=50)
    job = models.ForeignKey("jobs.Job", models.PROTECT, null=True, blank=True, related_name="events", db_index=False)
    actor = models.ForeignKey(
        "agents.Agent",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Empty: the clock.",
    )
    audience = ArrayField(models.UUIDField(), default=list, help_text="Ids of the agents who are told.")
    data = models.JSONField(default=dict)
    body = models.BinaryField(
        editable=False, help_text="What everybody is sent, frozen as bytes, but for its sequence."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    relayed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=Q(relayed_at=None), name="event_to_relay"),
            models.Index(fields=["job", "id"], name="event_of_job"),
            models.Index(fields=["id"], condition=Q(type__in=PUBLIC_TYPES), name="event_public"),
            models.Index(fields=["type", "id"], condition=Q(type__in=PUBLIC_TYPES), name="event_public_of_type"),
        ]
        triggers = [
            pgtrigger.Protect(name="keep_events", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="freeze_events", exclude=["relayed_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.type} #{self.pk}"

    @property
    def message(self) -> bytes:
        """What everybody is sent, always the same bytes."""
        return message_of(self.pk, bytes(self.body))


def message_of(sequence: int, body: bytes) -> bytes:
    """The frozen body of an event and its place in the order.

    Whoever keeps the highest `sequence` they have seen of a job knows which message is the later one (SURVIVE W9).
    """
    return body[:-1] + b',"sequence":%d}' % sequence
