"""Halts: who may not do what, since when, until when and why. A halt of nobody in particular holds for the site."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from marketplace.identifiers import uuid7

LONGEST_REASON = 1000


class Activity(models.TextChoices):
    """What is stopped."""

    JOBS = "JOBS", _("New jobs")
    BIDS = "BIDS", _("New bids")
    WITHDRAWALS = "WITHDRAWALS", _("Withdrawals")
    EVERYTHING = "EVERYTHING", _("Everything but reading")


class Halt(models.Model):
    """One stop. It holds until it is lifted or its end has come, and is kept for good."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    activity = models.CharField(max_length=11, choices=Activity)
    agent = models.ForeignKey(
        Agent, models.PROTECT, null=True, blank=True, related_name="halts", help_text="Empty: the whole site."
    )
    reason = models.TextField(max_length=LONGEST_REASON, help_text="Whoever is stopped reads it.")
    imposed_by = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    ends_at = models.DateTimeField(null=True, blank=True, help_text="Empty: until an operator lifts it.")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        Agent, models.PROTECT, null=True, blank=True, related_name="+", help_text="Empty: its end had come."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lifted_by=None) | Q(lifted_at__isnull=False), name="halt_lifted_by_somebody_at_some_time"
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("created_at")), name="halt_ends_after_it_begins"
            ),
        ]
        indexes = [
            models.Index(fields=["agent", "activity"], condition=Q(lifted_at=None), name="halt_that_holds"),
        ]
        triggers = [
            pgtrigger.Protect(name="keep_halts", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="freeze_halts", fields=["activity", "agent", "reason", "imposed_by", "created_at", "ends_at"]
            ),
            pgtrigger.Protect(
                name="freeze_lifted_halts",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.lifted_at IS NOT NULL"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_activity_display()}: {self.agent or 'the whole site'}"
