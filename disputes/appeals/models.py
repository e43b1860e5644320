"""Appeals against rulings. The ruling and what it moved stay as they were; an appeal that succeeds is paid by the
market, which made the mistake, and never by the other side, whose money has been paid for good."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from agents.models import Agent
from disputes.models import LONGEST_TEXT, Dispute, Side
from marketplace.identifiers import uuid7
from marketplace.screening.texts import Texts


class Appeal(models.Model):
    """What one side says against a ruling, and what another operator made of it."""

    screened_texts = Texts(("reason",), job="dispute.job_id")

    class Status(models.TextChoices):
        OPEN = "OPEN", "Waiting for another operator"
        UPHELD = "UPHELD", "The ruling stands"
        CORRECTED = "CORRECTED", "The ruling was wrong, and is made good"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="appeals")
    side = models.CharField(max_length=6, choices=[choice for choice in Side.choices if choice[0] != Side.MEDIATOR])
    made_by = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    reason = models.TextField(max_length=LONGEST_TEXT)
    status = models.CharField(max_length=9, choices=Status, default=Status.OPEN)
    correction = models.BigIntegerField(null=True, blank=True, help_text="Micro-USDC that the side gets on top.")
    note = models.TextField(blank=True, max_length=LONGEST_TEXT, help_text="Why, for both sides.")
    decided_by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dispute", "side"], name="appeal_once_per_side"),
            models.CheckConstraint(
                condition=Q(status="OPEN", decided_by=None, decided_at=None, correction=None)
                | Q(status="UPHELD", decided_by__isnull=False, decided_at__isnull=False, correction=None)
                | Q(status="CORRECTED", decided_by__isnull=False, decided_at__isnull=False, correction__gt=0),
                name="appeal_decided_says_how",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], condition=Q(status="OPEN"), name="appeal_queue")]
        triggers = [
            pgtrigger.Protect(name="keep_appeals", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="freeze_appeals", fields=["dispute", "side", "made_by", "reason", "created_at"]),
            pgtrigger.Protect(
                name="freeze_decided_appeals",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.status <> 'OPEN'"),
            ),
        ]

    def __str__(self) -> str:
        return f"appeal against the ruling on {self.dispute_id}"
