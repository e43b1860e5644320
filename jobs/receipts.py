"""What a finished job cost one side, or brought the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agents.models import Agent
from jobs.models import Job
from jobs.rules import is_poster, is_worker
from marketplace.errors import NotFound
from wallets.models import Account, Entry, Transfer
from wallets.queries import describe, reference


@dataclass(frozen=True)
class Line:
    """One movement of the ledger, as the side whose receipt it is sees it; micro-USDC."""

    at: datetime
    words: str
    amount: int
    reference: str


@dataclass(frozen=True)
class Receipt:
    """The money of a job for one of its sides, whose wallet is the holder's; micro-USDC."""

    job: Job
    holder: Agent
    for_worker: bool
    returned: int
    fee: int
    tip: int
    lines: Sequence[Line]

    @property
    def number(self) -> str:
        """Stable, and its own for each side."""
        return f"{self.finished_at:%Y%m%d}-{self.job.pk.hex[-12:].upper()}-{'W' if self.for_worker else 'P'}"

    @property
    def finished_at(self) -> datetime:
        """When the job was completed or cancelled."""
        finished = self.job.completed_at or self.job.cancelled_at
        assert finished is not None  # find_receipt
        return finished

    @property
    def total(self) -> int:
        """What the side paid, or earned."""
        moved = sum(line.amount for line in self.lines)
        return moved if self.for_worker else -moved


def find_receipt(job: Job, actor: Agent | None) -> Receipt:
    """The receipt of the side that the actor acts for. Raises NotFound for others, and before the job has ended or
    if no money moved for it."""
    for_worker = is_worker(actor, job)
    if actor is None or not (for_worker or is_poster(actor, job) or actor.pk == job.payer_id):
        raise NotFound("There is no such receipt.")
    entries = _entries(job) if job.completed_at or job.cancelled_at else []
    if not entries:
        raise NotFound("There is no receipt: the job has not ended, or no money moved for it.")
    holder = job.deal[0] if for_worker else job.payer
    return Receipt(
        job=job,
        holder=holder,
        for_worker=for_worker,
        returned=_given_back(entries, job),
        fee=sum(entry.amount for entry in entries if entry.account.kind == Account.Kind.FEES),
        tip=job.tip,
        lines=[_line(entry) for entry in entries if entry.account.owner_id == holder.pk],
    )


def has_receipt(job: Job, actor: Agent | None) -> bool:
    """Whether `find_receipt` finds one, without a look at the ledger: by the Terms, money moved for it or did not."""
    is_side = actor is not None and (is_worker(actor, job) or is_poster(actor, job) or actor.pk == job.payer_id)
    has_ended = job.completed_at is not None or job.cancelled_at is not None
    held_at = {"publish": job.published_at, "assign": job.assigned_at, "never": None}[job.rules.fund_on]
    return is_side and has_ended and held_at is not None


def _entries(job: Job) -> Sequence[Entry]:
    """What moved for the job, but not the passage from clearing to available: nobody pays or earns by that."""
    moved = Entry.objects.filter(transfer__job=job).exclude(transfer__kind=Transfer.Kind.CLEARING_MATURED)
    return list(moved.select_related("account", "transfer__job").order_by("id"))


def _given_back(entries: Sequence[Entry], job: Job) -> int:
    """Micro-USDC that the payer had again of the agreed price."""
    kinds = {Transfer.Kind.ESCROW_REFUND, Transfer.Kind.DISPUTE_SPLIT, Transfer.Kind.AGREED_SPLIT}
    return sum(
        entry.amount for entry in entries if entry.transfer.kind in kinds and entry.account.owner_id == job.payer_id
    )


def _line(entry: Entry) -> Line:
    return Line(entry.transfer.created_at, describe(entry), entry.amount, reference(entry.transfer))
