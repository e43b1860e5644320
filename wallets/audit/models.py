"""What the proof leaves behind: seals and reports, append only like the books they are about."""

from datetime import UTC
from hashlib import sha256

import pgtrigger
from django.db import models
from django.db.models.functions import Now

from marketplace.money import format_usdc

NO_SEAL_BEFORE = "0" * 64


class Seal(models.Model):
    """Fixes the transfers with `created_at` from the horizon of the seal before it up to its own, excluded.

    `root` is the Merkle root over them, `hash` that of `statement`, which names the hash before: who has kept one hash
    can tell whether anything before it was changed.
    """

    number = models.PositiveBigIntegerField(primary_key=True)
    horizon = models.DateTimeField(unique=True)
    transfers = models.PositiveBigIntegerField()
    root = models.CharField(max_length=64)
    totals = models.JSONField(help_text="Kind of account → micro-USDC: what all entries before the horizon sum to.")
    balances = models.JSONField(help_text="Kind of account → micro-USDC: what the accounts held at the horizon.")
    previous_hash = models.CharField(max_length=64, unique=True)
    hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        triggers = [
            pgtrigger.Protect(name="append_only_seals", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"seal {self.number}"

    @property
    def statement(self) -> str:
        """What the seal says, line by line; the text whose SHA-256 is its hash."""
        lines = [
            f"seal {self.number}",
            f"previous {self.previous_hash}",
            f"horizon {self.horizon.astimezone(UTC).isoformat(timespec='microseconds')}",
            f"transfers {self.transfers}",
            f"root {self.root}",
            *(f"total {kind} {format_usdc(amount)}" for kind, amount in sorted(self.totals.items())),
            *(f"balance {kind} {format_usdc(amount)}" for kind, amount in sorted(self.balances.items())),
        ]
        return "\n".join(lines)

    def compute_hash(self) -> str:
        return sha256(self.statement.encode()).hexdigest()


class AuditReport(models.Model):
    """One time that somebody looked at the books."""

    id = models.BigAutoField(primary_key=True)
    started_at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField()
    entries = models.PositiveBigIntegerField(help_text="How many there were in the ledger.")
    checks = models.PositiveIntegerField(help_text="How many promises were looked at.")
    finding_count = models.PositiveBigIntegerField()
    findings = models.JSONField(default=list, blank=True, help_text="The first of each check.")

    class Meta:
        triggers = [
            pgtrigger.Protect(name="append_only_reports", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"audit of {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def sound(self) -> bool:
        return self.finding_count == 0
