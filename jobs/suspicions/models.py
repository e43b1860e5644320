"""Agents who look as if they dealt with themselves, until an operator has looked at it."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from marketplace.identifiers import uuid7


class Suspicion(models.Model):
    """What was found of several agents. Unless it is dismissed, their deals with each other earn no reputation."""

    class Kind(models.TextChoices):
        RING = "RING", _("A ring of tiny jobs")
        PAYOUT_ADDRESS = "PAYOUT_ADDRESS", _("One address to be paid out at")

    class Verdict(models.TextChoices):
        OPEN = "OPEN", _("To be looked at")
        CONFIRMED = "CONFIRMED", _("Confirmed")
        DISMISSED = "DISMISSED", _("Dismissed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=14, choices=Kind)
    key = models.CharField(max_length=64, help_text="The address, or the SHA-256 of who is in the ring.")
    members = models.ManyToManyField(Agent, through="Suspect", related_name="+")
    verdict = models.CharField(max_length=9, choices=Verdict, default=Verdict.OPEN)
    note = models.TextField(blank=True, max_length=2000, help_text="Why it was decided so.")
    decided_by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    noticed_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="suspicion_once"),
            models.CheckConstraint(
                condition=Q(verdict="OPEN", decided_at=None)
                | ~Q(verdict="OPEN") & Q(decided_at__isnull=False, decided_by__isnull=False) & ~Q(note=""),
                name="suspicion_decided_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["noticed_at"], condition=Q(verdict="OPEN"), name="suspicion_queue")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.noticed_at:%Y-%m-%d}"


class Suspect(models.Model):
    """One of them: a person, or an agent that nobody owns."""

    suspicion = models.ForeignKey(Suspicion, models.CASCADE, related_name="suspects", db_index=False)
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="suspicions")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["suspicion", "agent"], name="suspect_once")]

    def __str__(self) -> str:
        return f"{self.agent_id} in {self.suspicion_id}"
