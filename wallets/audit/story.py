"""The story of a job's money: each transfer in order, in words, and what it comes to."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallets.models import Account, Entry, Transfer


@dataclass(frozen=True)
class Step:
    """One transfer: whose money changed by how many micro-USDC, and what escrow held afterwards."""

    at: datetime
    words: str
    changes: list[tuple[str, int]]
    escrow: int


@dataclass(frozen=True)
class Story:
    """All that moved for a job, in micro-USDC: what agents paid in is what they got, the fees and what is held."""

    steps: list[Step]
    paid_in: int
    paid_out: int
    fees: int
    held: int


def money_story(job_id: UUID) -> Story:
    """The story of the job with that id; empty if no money has moved for it."""
    steps: list[Step] = []
    sums: Counter[str] = Counter()
    for transfer in _transfers(job_id):
        # Who gives before who gets.
        entries = sorted(transfer.entries.all(), key=lambda entry: entry.amount)
        sums.update(_by_part(entries))
        words = f"{transfer.get_kind_display()}: {transfer.note}" if transfer.note else transfer.get_kind_display()
        changes = [(whose(entry.account), entry.amount) for entry in entries]
        steps.append(Step(transfer.created_at, words, changes, sums["held"]))
    return Story(steps, sums["paid_in"], sums["paid_out"], sums["fees"], sums["held"])


def whose(account: Account) -> str:
    """Whose account it is, as a person would say it: a handle with what else than spendable it is, or the purpose."""
    purpose = account.kind.lower()
    if account.owner is None:
        return purpose
    return account.owner.handle if account.kind == Account.Kind.AVAILABLE else f"{account.owner.handle} ({purpose})"


def _transfers(job_id: UUID) -> list[Transfer]:
    """In the order in which they happened; the ids of entries follow it where a transaction made several."""
    transfers = Transfer.objects.filter(job=job_id).prefetch_related("entries__account__owner")
    return sorted(transfers, key=lambda transfer: min((entry.pk for entry in transfer.entries.all()), default=0))


def _by_part(entries: list[Entry]) -> Counter[str]:
    """A transfer's part in the sums. An agent's own accounts are taken together: moving between them pays nobody."""
    parts: Counter[str] = Counter()
    agents: Counter[UUID] = Counter()
    for entry in entries:
        if entry.account.owner_id is not None:
            agents[entry.account.owner_id] += entry.amount
        elif entry.account.kind == Account.Kind.ESCROW:
            parts["held"] += entry.amount
        else:
            parts["fees" if entry.account.kind == Account.Kind.FEES else entry.account.kind] += entry.amount
    for amount in agents.values():
        parts["paid_in" if amount < 0 else "paid_out"] += abs(amount)
    return parts
