"""What the rails remember: how far each has looked for payments, and the play money of the embedded one."""

import pgtrigger
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Position(models.Model):
    """How far a rail has looked for payments, in its own words."""

    rail = models.CharField(max_length=20, primary_key=True)
    position = models.CharField(max_length=200)
    updated_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.rail} at {self.position}"


class EmbeddedPayout(models.Model):
    """A payment that the play world outside was asked to make. `key` makes it happen once."""

    class Fate(models.TextChoices):
        PAY = "PAY", _("Will be paid")
        REFUSE = "REFUSE", _("Will be refused")
        HOLD = "HOLD", _("Will not be answered")

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(unique=True)
    address = models.CharField(max_length=42)
    amount = models.BigIntegerField(help_text="Micro-USDC.")
    fate = models.CharField(max_length=6, choices=Fate, default=Fate.PAY)
    due_at = models.DateTimeField(help_text="When its fate becomes known.")

    class Meta:
        triggers = [
            pgtrigger.Protect(name="keep_payouts", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="freeze_payouts", fields=["key", "address", "amount"]),
        ]

    def __str__(self) -> str:
        return f"{self.amount} to {self.address}"
