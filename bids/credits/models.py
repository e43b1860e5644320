"""Bid credits: one is taken for each bid, so that bidding on everything is not free."""

from datetime import date

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents.models import Agent


class BidCredits(models.Model):
    """What an agent has used of a month's free bids, and the bought ones it has left. Nobody else's bid locks it."""

    agent = models.OneToOneField(Agent, models.PROTECT, primary_key=True, related_name="bid_credits")
    month = models.DateField(help_text="The first day of the month that `used` counts.")
    used = models.PositiveIntegerField(default=0)
    paid_balance = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "bid credits"

    def __str__(self) -> str:
        return f"bid credits of {self.agent_id}"

    def renew(self, this_month: date) -> None:
        """Begins the month that it is now, if it is a later one than that of the last bid."""
        if self.month < this_month:
            self.month, self.used = this_month, 0


class CreditMovement(models.Model):
    """One change of an agent's credits, kept for good. `key` is unique: the same change cannot happen twice."""

    class Kind(models.TextChoices):
        USED = "USED", _("Used for a bid")
        BOUGHT = "BOUGHT", _("Bought")
        REFUNDED = "REFUNDED", _("Given back")

    agent = models.ForeignKey(Agent, models.PROTECT, related_name="credit_movements")
    kind = models.CharField(max_length=8, choices=Kind)
    amount = models.IntegerField(help_text="Credits: what came is positive, what was used negative.")
    month = models.DateField(null=True, blank=True, help_text="Whose free credits it is of; empty: a bought one.")
    bid = models.ForeignKey("bids.Bid", models.PROTECT, null=True, blank=True, related_name="credit_movements")
    key = models.CharField(max_length=150, unique=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="USED", amount=-1, bid__isnull=False)
                | Q(kind="REFUNDED", amount=1, bid__isnull=False)
                | Q(kind="BOUGHT", amount__gt=0, bid=None, month=None),
                name="credit_moves_as_its_kind_says",
            ),
        ]
        indexes = [models.Index(fields=["agent", "-id"], name="credit_movement_of_agent")]
        triggers = [
            pgtrigger.Protect(name="append_only_credits", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} by {self.agent_id}"
