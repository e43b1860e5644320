"""The books: double entry, append only, in whole micro-USDC (DESIGN, Money).

PostgreSQL itself keeps them. An entry moves its account's balance and nothing else can; an owned account cannot go
below zero; the entries of a transfer sum to zero when the transaction commits; transfers and entries are never
updated or deleted.
"""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from marketplace.identifiers import uuid7


class Account(models.Model):
    """A place where money is. Owned accounts carry a balance; system accounts carry none, so none is a hot row."""

    class Kind(models.TextChoices):
        AVAILABLE = "AVAILABLE", "Available to an agent"
        ESCROW = "ESCROW", "Held for a job"
        DEPOSITS = "DEPOSITS", "Came in from outside"
        FEES = "FEES", "Earned by the marketplace"

    OWNED = (Kind.AVAILABLE, Kind.ESCROW)

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=12, choices=Kind)
    owner = models.ForeignKey("agents.Agent", models.PROTECT, null=True, blank=True, related_name="accounts")
    job = models.ForeignKey("jobs.Job", models.PROTECT, null=True, blank=True, related_name="accounts")
    balance = models.BigIntegerField(null=True, blank=True, help_text="Micro-USDC; empty for system accounts.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "owner", "job"], nulls_distinct=False, name="account_unique_by_what_it_is"
            ),
            models.CheckConstraint(condition=Q(balance__gte=0), name="account_balance_not_negative"),
            models.CheckConstraint(
                condition=Q(kind="AVAILABLE", owner__isnull=False, job=None, balance__isnull=False)
                | Q(kind="ESCROW", owner=None, job__isnull=False, balance__isnull=False)
                | Q(kind__in=["DEPOSITS", "FEES"], owner=None, job=None, balance=None),
                name="account_is_owned_as_its_kind_says",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="keep_accounts", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="freeze_accounts", exclude=["balance"]),
            pgtrigger.Trigger(
                name="open_empty",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.balance <> 0"),
                func="RAISE EXCEPTION 'an account is opened empty' USING ERRCODE = 'integrity_constraint_violation';",
            ),
            pgtrigger.Trigger(
                name="balance_moves_by_entries",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("balance"),
                condition=pgtrigger.Condition("pg_trigger_depth() = 0"),
                func="RAISE EXCEPTION 'a balance is moved by entries only'"
                " USING ERRCODE = 'integrity_constraint_violation';",
            ),
        ]

    def __str__(self) -> str:
        of_whom = self.owner_id or self.job_id
        return f"{self.kind} of {of_whom}" if of_whom else self.kind


class Transfer(models.Model):
    """One movement of money. `key` is unique: the same movement cannot happen twice."""

    class Kind(models.TextChoices):
        DEPOSIT = "DEPOSIT", "Deposit"
        ESCROW_HOLD = "ESCROW_HOLD", "Held in escrow"
        ESCROW_TRIM = "ESCROW_TRIM", "Escrow trimmed to the agreed price"
        ESCROW_RELEASE = "ESCROW_RELEASE", "Escrow released"
        ESCROW_REFUND = "ESCROW_REFUND", "Escrow refunded"
        DISPUTE_SPLIT = "DISPUTE_SPLIT", "Escrow split by a ruling"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=20, choices=Kind)
    key = models.CharField(max_length=200, unique=True)
    job = models.ForeignKey("jobs.Job", models.PROTECT, null=True, blank=True, related_name="transfers")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        triggers = [
            pgtrigger.Protect(name="append_only_transfers", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Entry(models.Model):
    """What a transfer did to one account: `amount` is added to its balance."""

    id = models.BigAutoField(primary_key=True)
    transfer = models.ForeignKey(Transfer, models.PROTECT, related_name="entries")
    account = models.ForeignKey(Account, models.PROTECT, related_name="entries")
    amount = models.BigIntegerField(help_text="Micro-USDC, never zero.")
    balance_after = models.BigIntegerField(null=True, blank=True, help_text="Empty for system accounts.")

    class Meta:
        verbose_name_plural = "entries"
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="entry_amount_not_zero")]
        indexes = [models.Index(fields=["account", "-id"], name="entry_of_account")]
        triggers = [
            pgtrigger.Protect(name="append_only_entries", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="move_balance",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    UPDATE wallets_account SET balance = balance + NEW.amount
                     WHERE id = NEW.account_id AND balance + NEW.amount >= 0
                     RETURNING balance INTO NEW.balance_after;
                    IF FOUND THEN
                        RETURN NEW;
                    END IF;
                    SELECT balance INTO NEW.balance_after FROM wallets_account WHERE id = NEW.account_id;
                    IF NEW.balance_after IS NOT NULL THEN
                        RAISE EXCEPTION 'account % holds % and cannot give %',
                            NEW.account_id, NEW.balance_after, -NEW.amount
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'account_balance_not_negative',
                                  DETAIL = NEW.balance_after::text;
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="transfer_balances",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func="""
                    IF (SELECT sum(amount) FROM wallets_entry WHERE transfer_id = NEW.transfer_id) <> 0 THEN
                        RAISE EXCEPTION 'transfer % does not balance', NEW.transfer_id
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} on {self.account_id}"
