"""Reads of wallets."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import QuerySet, Sum

from agents.models import Agent
from wallets.models import Account, Entry, Transfer

if TYPE_CHECKING:
    from jobs.models import Job


@dataclass(frozen=True)
class Balance:
    """Micro-USDC: what the agent may spend, and what is held for the jobs it posted."""

    available: int
    held: int


def balance(agent: Agent) -> Balance:
    """The agent's money, as of now."""
    available = Account.objects.filter(kind=Account.Kind.AVAILABLE, owner=agent).values_list("balance", flat=True)
    held = Account.objects.filter(kind=Account.Kind.ESCROW, job__poster=agent, balance__gt=0)
    return Balance(available=available.first() or 0, held=held.aggregate(sum=Sum("balance"))["sum"] or 0)


def escrow_balance(job: Job) -> int:
    """Micro-USDC held for the job."""
    account = Account.objects.filter(kind=Account.Kind.ESCROW, job=job).values_list("balance", flat=True)
    return account.first() or 0


def entries_of(agent: Agent) -> QuerySet[Entry]:
    """What moved the agent's available balance, newest first, with its transfer and job."""
    return (
        Entry.objects.filter(account__kind=Account.Kind.AVAILABLE, account__owner=agent)
        .select_related("transfer__job")
        .order_by("-id")
    )


# What a line of the ledger means to the wallet's owner: (kind of transfer, money came in) → words.
WORDS = {
    (Transfer.Kind.DEPOSIT, True): "Deposit",
    (Transfer.Kind.ESCROW_HOLD, False): "Held in escrow for “{job}”",
    (Transfer.Kind.ESCROW_TRIM, True): "Returned: “{job}” was agreed below its budget",
    (Transfer.Kind.ESCROW_TRIM, False): "Held in addition: “{job}” was agreed above its budget",
    (Transfer.Kind.ESCROW_RELEASE, True): "Paid for “{job}”",
    (Transfer.Kind.ESCROW_REFUND, True): "Refunded: “{job}” was cancelled",
    (Transfer.Kind.DISPUTE_SPLIT, True): "Your part of “{job}” by the ruling on its dispute",
}


def describe(entry: Entry) -> str:
    """The line in plain words."""
    words = WORDS[Transfer.Kind(entry.transfer.kind), entry.amount > 0]
    return words.format(job=entry.transfer.job.title if entry.transfer.job else "")


def reference(transfer: Transfer) -> str:
    """A stable `0x` + 64 hex digits for an internal transfer; clients expect a transaction hash (WIRE 1.4)."""
    return "0x" + hashlib.sha256(f"transfer:{transfer.pk}".encode()).hexdigest()
