"""The books: double entry, append only, in whole micro-USDC (DESIGN, Money).

PostgreSQL itself keeps them. An entry moves its account's balance and nothing else can; an owned account cannot go
below zero; the entries that one statement adds to a transfer sum to zero; transfers and entries are never
updated or deleted.
"""

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from marketplace.identifiers import uuid7


class Account(models.Model):
    """A place where money is. Owned accounts carry a balance; system accounts carry none, so none is a hot row."""

    class Kind(models.TextChoices):
        AVAILABLE = "AVAILABLE", _("Available to an agent")
        CLEARING = "CLEARING", _("Earned by an agent, inside a dispute window")
        WITHDRAWING = "WITHDRAWING", _("On its way out to an agent")
        ESCROW = "ESCROW", _("Held for a job")
        DEPOSITS = "DEPOSITS", _("Came in from outside")
        WITHDRAWALS = "WITHDRAWALS", _("Went out")
        FEES = "FEES", _("Earned by the marketplace")
        BONUSES = "BONUSES", _("Given by the marketplace")
        ADJUSTMENTS = "ADJUSTMENTS", _("Put right by operators")

    OF_AGENTS = (Kind.AVAILABLE, Kind.CLEARING, Kind.WITHDRAWING)
    OF_THE_SYSTEM = (Kind.DEPOSITS, Kind.WITHDRAWALS, Kind.FEES, Kind.BONUSES, Kind.ADJUSTMENTS)

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=12, choices=Kind)
    owner = models.ForeignKey(
        "agents.Agent", models.PROTECT, null=True, blank=True, related_name="accounts", db_index=False
    )
    job = models.ForeignKey("jobs.Job", models.PROTECT, null=True, blank=True, related_name="accounts")
    balance = models.BigIntegerField(null=True, blank=True, help_text="Micro-USDC; empty for system accounts.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "owner", "job"], nulls_distinct=False, name="account_unique_by_what_it_is"
            ),
            models.CheckConstraint(condition=Q(balance__gte=0), name="account_balance_not_negative"),
        ]
        triggers = [
            pgtrigger.Protect(name="keep_accounts", operation=pgtrigger.Delete),
            # By columns and when it is opened, not by conditions and checks: those are parsed anew at every movement.
            pgtrigger.Protect(
                name="freeze_accounts", operation=pgtrigger.UpdateOf("id", "kind", "owner_id", "job_id", "created_at")
            ),
            pgtrigger.Trigger(
                name="open_as_its_kind_says",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NEW.balance <> 0 THEN
                        RAISE EXCEPTION 'an account is opened empty' USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    IF NOT (CASE
                        WHEN NEW.kind IN ('AVAILABLE', 'CLEARING', 'WITHDRAWING')
                        THEN NEW.owner_id IS NOT NULL AND NEW.job_id IS NULL AND NEW.balance IS NOT NULL
                        WHEN NEW.kind = 'ESCROW'
                        THEN NEW.owner_id IS NULL AND NEW.job_id IS NOT NULL AND NEW.balance IS NOT NULL
                        WHEN NEW.kind IN ('DEPOSITS', 'WITHDRAWALS', 'FEES', 'BONUSES', 'ADJUSTMENTS')
                        THEN num_nonnulls(NEW.owner_id, NEW.job_id, NEW.balance) = 0
                        ELSE false
                    END) THEN
                        RAISE EXCEPTION 'an account is owned as its kind says'
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    RETURN NEW;
                """,
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
        DEPOSIT = "DEPOSIT", _("Deposit")
        SIGNUP_BONUS = "SIGNUP_BONUS", _("Sign-up bonus")
        ESCROW_HOLD = "ESCROW_HOLD", _("Held in escrow")
        ESCROW_TRIM = "ESCROW_TRIM", _("Escrow trimmed to the agreed price")
        ESCROW_RELEASE = "ESCROW_RELEASE", _("Escrow released")
        ESCROW_REFUND = "ESCROW_REFUND", _("Escrow refunded")
        DISPUTE_SPLIT = "DISPUTE_SPLIT", _("Escrow split by a ruling")
        AGREED_SPLIT = "AGREED_SPLIT", _("Escrow split by agreement")
        TIP = "TIP", _("Tip")
        CLEARING_MATURED = "CLEARING_MATURED", _("Clearing matured")
        CREDIT_PURCHASE = "CREDIT_PURCHASE", _("Bid credits bought")
        WITHDRAWAL = "WITHDRAWAL", _("Withdrawal requested")
        WITHDRAWAL_CONFIRMED = "WITHDRAWAL_CONFIRMED", _("Withdrawal confirmed")
        WITHDRAWAL_REVERSED = "WITHDRAWAL_REVERSED", _("Withdrawal reversed")
        ADJUSTMENT = "ADJUSTMENT", _("Adjustment by an operator")

    # What pays a worker out of the escrow of a job.
    PAYING = (Kind.ESCROW_RELEASE, Kind.DISPUTE_SPLIT, Kind.AGREED_SPLIT)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=20, choices=Kind)
    key = models.CharField(max_length=200)
    job = models.ForeignKey("jobs.Job", models.PROTECT, null=True, blank=True, related_name="transfers")
    note = models.CharField(max_length=500, blank=True, db_default="", help_text="Why, where a person decided it.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        # Not `unique=True`, which makes a second index, for LIKE.
        constraints = [models.UniqueConstraint(fields=["key"], name="transfer_key")]
        # Rows lie in the order of time, so a summary of blocks finds those of a period, and costs a transfer nothing.
        indexes = [BrinIndex(fields=["created_at"], name="transfer_by_time", autosummarize=True)]
        triggers = [
            pgtrigger.Protect(name="append_only_transfers", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Entry(models.Model):
    """What a transfer did to one account: `amount` is added to its balance."""

    id = models.BigAutoField(primary_key=True)
    transfer = models.ForeignKey(Transfer, models.PROTECT, related_name="entries")
    account = models.ForeignKey(Account, models.PROTECT, related_name="entries", db_index=False)
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
                        -- Under the lock, so that the ids of an account's entries follow its balance.
                        NEW.id := nextval('wallets_entry_id_seq');
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
                level=pgtrigger.Statement,
                referencing=pgtrigger.Referencing(new="made"),
                declare=[("unbalanced", "uuid")],
                func="""
                    SELECT transfer_id INTO unbalanced FROM made GROUP BY transfer_id HAVING sum(amount) <> 0 LIMIT 1;
                    IF FOUND THEN
                        RAISE EXCEPTION 'transfer % does not balance', unbalanced
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} on {self.account_id}"


class BonusGrant(models.Model):
    """From where a sign-up bonus was asked for, so that one source gets only so many."""

    agent = models.OneToOneField("agents.Agent", models.PROTECT, related_name="bonus_grant")
    source = models.CharField(max_length=64, help_text="A keyed hash: whose address it was cannot be read from it.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["source", "created_at"], name="bonus_of_source")]

    def __str__(self) -> str:
        return f"bonus of {self.agent_id}"

    @staticmethod
    def digest_of(source: str) -> str:
        """What is stored of a source, and looked up by."""
        return salted_hmac("signup bonus", source, algorithm="sha256").hexdigest()


class DepositAddress(models.Model):
    """Where to pay in for a wallet, on one rail. The id is the number that the rail derives the address from."""

    id = models.BigAutoField(primary_key=True)
    agent = models.ForeignKey("agents.Agent", models.PROTECT, related_name="deposit_addresses")
    rail = models.CharField(max_length=20)
    address = models.CharField(max_length=42, help_text="EIP-55.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name_plural = "deposit addresses"
        constraints = [
            models.UniqueConstraint(fields=["agent", "rail"], name="deposit_address_one_per_rail"),
            models.UniqueConstraint(fields=["rail", "address"], name="deposit_address_of_one_wallet"),
        ]
        triggers = [
            pgtrigger.Protect(name="keep_deposit_addresses", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.address


class Deposit(models.Model):
    """Money that somebody said would come in, or that came in. `key` is the rail's own name of the payment."""

    class Status(models.TextChoices):
        AWAITING = "AWAITING", _("Waiting for the payment")
        CONFIRMED = "CONFIRMED", _("Credited")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agent = models.ForeignKey("agents.Agent", models.PROTECT, related_name="deposits")
    rail = models.CharField(max_length=20)
    address = models.CharField(max_length=42, help_text="Where it is paid in.")
    amount = models.BigIntegerField(help_text="Micro-USDC.")
    status = models.CharField(max_length=9, choices=Status, default=Status.AWAITING)
    key = models.CharField(max_length=150, null=True, blank=True)
    reference = models.CharField(max_length=80, blank=True, help_text="The transaction's hash, once it is known.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="deposit_amount_positive"),
            models.UniqueConstraint(fields=["rail", "key"], name="deposit_credited_once"),
            models.CheckConstraint(
                condition=Q(status="AWAITING", key=None, confirmed_at=None)
                | Q(status="CONFIRMED", key__isnull=False, confirmed_at__isnull=False),
                name="deposit_confirmed_has_a_payment",
            ),
        ]
        indexes = [models.Index(fields=["agent", "-created_at", "-id"], name="deposit_of_agent")]
        triggers = [
            pgtrigger.Protect(name="keep_deposits", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="freeze_deposits", fields=["agent", "rail", "address", "amount"]),
            pgtrigger.Protect(
                name="freeze_confirmed_deposits",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.status = 'CONFIRMED'"),
            ),
            pgtrigger.FSM(name="deposit_status", field="status", transitions=[("AWAITING", "CONFIRMED")]),
        ]

    def __str__(self) -> str:
        return f"deposit of {self.amount} by {self.agent_id}"


class Withdrawal(models.Model):
    """Money on its way out: debited when asked for, then sent by a task, then confirmed or put back."""

    class Status(models.TextChoices):
        PENDING = "PENDING", _("Waiting to be sent")
        SENT = "SENT", _("Sent, not yet confirmed")
        CONFIRMED = "CONFIRMED", _("Paid")
        REVERSED = "REVERSED", _("Refused and put back")

    UNSETTLED = (Status.PENDING, Status.SENT)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agent = models.ForeignKey("agents.Agent", models.PROTECT, related_name="withdrawals")
    amount = models.BigIntegerField(help_text="Micro-USDC.")
    address = models.CharField(max_length=42, help_text="EIP-55.")
    rail = models.CharField(max_length=20)
    key = models.CharField(max_length=200, help_text="The caller's idempotency key.")
    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING)
    reference = models.CharField(max_length=80, blank=True, help_text="The transaction's hash, once it is known.")
    attempts = models.PositiveIntegerField(default=0)
    next_step_at = models.DateTimeField(db_default=Now(), help_text="When a task looks at it next.")
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    prepared_at = models.DateTimeField(
        null=True, blank=True, help_text="From then on the rail will send it, whatever else happens."
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="withdrawal_amount_positive"),
            models.UniqueConstraint(fields=["agent", "key"], name="withdrawal_asked_for_once"),
            models.CheckConstraint(
                condition=Q(status__in=["PENDING", "SENT"], settled_at=None)
                | Q(status__in=["CONFIRMED", "REVERSED"], settled_at__isnull=False),
                name="withdrawal_settled_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["agent", "-created_at", "-id"], name="withdrawal_of_agent"),
            models.Index(fields=["next_step_at"], condition=Q(status__in=["PENDING", "SENT"]), name="withdrawal_due"),
        ]
        triggers = [
            pgtrigger.Protect(name="keep_withdrawals", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="freeze_withdrawals", fields=["agent", "amount", "address", "rail", "key"]),
            pgtrigger.FSM(
                name="withdrawal_status",
                field="status",
                transitions=[
                    ("PENDING", "SENT"),
                    ("PENDING", "REVERSED"),
                    ("SENT", "CONFIRMED"),
                    ("SENT", "REVERSED"),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"withdrawal of {self.amount} by {self.agent_id}"

    @property
    def problem(self) -> str:
        """Why it waits or was put back, for its owner; what a rail says while it waits is for operators."""
        if not self.last_error or self.status == self.Status.REVERSED:
            return self.last_error
        return "It cannot be paid right now and is tried again by itself."
