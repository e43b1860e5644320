"""What operators leave behind: their acts, who holds a case, what they note for each other, what they propose."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from agents.models import Agent
from disputes.models import LONGEST_TEXT, Dispute, Ground
from marketplace.identifiers import uuid7


class Act(models.Model):
    """One thing that an operator did: written in the transaction that did it, and never changed by anybody."""

    id = models.BigAutoField(primary_key=True)
    operator = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    verb = models.CharField(max_length=80)
    model = models.CharField(max_length=80, help_text="What kind of thing it was done to, such as agents.agent.")
    thing_id = models.CharField(max_length=100)
    thing_name = models.CharField(max_length=200)
    before = models.JSONField(default=dict, help_text="What changed, as it was.")
    after = models.JSONField(default=dict, help_text="What changed, as it is.")
    reason = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    address = models.CharField(max_length=64, blank=True, help_text="Where the operator was, on the network.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["operator", "-id"], name="act_of_operator"),
            models.Index(fields=["model", "thing_id", "-id"], name="act_on_thing"),
        ]
        triggers = [pgtrigger.Protect(name="append_only_acts", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.verb} {self.thing_name}"


class Holding(models.Model):
    """Who works on a dispute: one operator at most, since there is one row at most."""

    dispute = models.OneToOneField(Dispute, models.PROTECT, primary_key=True, related_name="holding")
    holder = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    since = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.dispute_id} with {self.holder_id}"


class Note(models.Model):
    """What operators write to each other about a dispute; no side ever reads it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="notes")
    author = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    text = models.TextField(max_length=LONGEST_TEXT)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only_notes", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"note on {self.dispute_id}"


class Wording(models.Model):
    """Words for rulings that are made often: where one begins, before saying what is particular."""

    name = models.CharField(max_length=100, unique=True)
    ground = models.CharField(max_length=17, choices=Ground)
    text = models.TextField(max_length=LONGEST_TEXT, help_text="Both sides read what becomes of it.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Adjustment(models.Model):
    """An adjustment above what one operator may post alone, until a second one has said yes or no."""

    class Status(models.TextChoices):
        WAITING = "WAITING", "Waiting for a second operator"
        POSTED = "POSTED", "Posted"
        DECLINED = "DECLINED", "Declined"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    amount = models.BigIntegerField(help_text="Micro-USDC to add; below zero they are taken.")
    reason = models.TextField(max_length=500)
    proposed_by = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status="WAITING", decided_by=None, decided_at=None)
                | ~Q(status="WAITING") & Q(decided_by__isnull=False, decided_at__isnull=False),
                name="adjustment_decided_by_somebody",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="keep_adjustments", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="freeze_adjustments", fields=["agent", "amount", "reason", "proposed_by"]),
            pgtrigger.Protect(
                name="freeze_decided_adjustments",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.status <> 'WAITING'"),
            ),
        ]

    def __str__(self) -> str:
        return f"adjustment of {self.agent_id}"
