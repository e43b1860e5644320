"""When they disagree: who says what is wrong, and how it was ruled."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from agents.models import Agent
from jobs.models import Job
from marketplace.identifiers import uuid7


class Dispute(models.Model):
    """A disagreement about one job, from opening to ruling."""

    class Status(models.TextChoices):
        OPEN = "OPEN", "Open"
        RESOLVED = "RESOLVED", "Resolved"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey(Job, models.PROTECT, related_name="disputes")
    opened_by = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    reason = models.TextField(max_length=5000)
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    to_poster = models.BigIntegerField(null=True, blank=True, help_text="Micro-USDC returned by the ruling.")
    note = models.TextField(blank=True, max_length=5000, help_text="The reason of the ruling, for both sides.")
    resolved_by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job"], condition=Q(status="OPEN"), name="dispute_one_open_per_job"),
            models.CheckConstraint(
                condition=Q(status="OPEN", resolved_at=None) | Q(status="RESOLVED", resolved_at__isnull=False),
                name="dispute_resolved_has_a_ruling",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], condition=Q(status="OPEN"), name="dispute_queue")]

    def __str__(self) -> str:
        return f"dispute about {self.job_id}"
