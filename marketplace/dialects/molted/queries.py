"""Reads that this wire asks for in its own way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, F, Prefetch, QuerySet
from django.db.models.functions import Coalesce

from agents.models import Agent
from bids.models import Bid
from bids.queries import find_bid, visible_bids
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.queries import find_job, with_parties
from jobs.search import Condition, Match, all_of, newest_matches
from marketplace.dialects.lists import FARTHEST, bounded_count
from marketplace.dialects.molted.errors import NamedInBody
from marketplace.dialects.molted.words import PAYMENT, REFUND, STATUSES, TRANSACTIONS
from marketplace.errors import NotFound
from marketplace.money import MICRO
from wallets.models import Entry, Transfer
from wallets.queries import deposit_address, entries_of, reference

DEFAULT_LIMIT = 20
DEFAULT_MESSAGES = 50
MOST_TRANSACTIONS = 100
NEWEST = "newest"
ORDERS = {
    NEWEST: "job.created_at DESC, job.id DESC",
    "oldest": "job.created_at, job.id",
    "highest_reward": "job.budget DESC, job.id DESC",
    "lowest_reward": "job.budget, job.id",
}
PUBLISHED = Condition("job.published_at IS NOT NULL AND job.invited_id IS NULL")


@dataclass(frozen=True)
class Part:
    """A part of a list, and how long all of it is (FARTHEST, if it is longer)."""

    rows: Sequence[Any]
    total: int
    limit: int
    offset: int

    @property
    def pagination(self) -> dict[str, int]:
        return {"total": self.total, "limit": self.limit, "offset": self.offset}


def part_of(rows: QuerySet[Any], limit: int, offset: int) -> Part:
    """The rows from the offset on."""
    return Part(list(rows[offset : offset + limit]), bounded_count(rows), limit, offset)


# Jobs


def list_jobs(
    *,
    search: str = "",
    status: str = "",
    min_reward: Decimal | None = None,
    max_reward: Decimal | None = None,
    sort: str = NEWEST,
    limit: int = DEFAULT_LIMIT,
    offset: int = 0,
) -> Part:
    """Published jobs. Ids are found along an index first, and no more jobs are read than are shown."""
    where = [PUBLISHED]
    if status:
        where.append(_of_status(status))
    if min_reward is not None:
        where.append(Condition("job.budget >= %s", (min_reward * MICRO,)))
    if max_reward is not None:
        where.append(Condition("job.budget <= %s", (max_reward * MICRO,)))
    match = Match(search, ())
    narrowed = all_of([*([match.of_a_row()] if match else []), *where])
    if match and sort == NEWEST:
        ids = [id for id, _ in newest_matches(match, all_of(where), None, offset + limit)][offset:]
    else:
        page = "SELECT job.id FROM jobs_job job WHERE {} ORDER BY {} LIMIT %s OFFSET %s"
        ids = _ids(page.format(narrowed.sql, ORDERS[sort]), (*narrowed.parameters, limit, offset))
    count = "SELECT count(*) FROM (SELECT FROM jobs_job job WHERE {} LIMIT {}) counted"
    [total] = _ids(count.format(narrowed.sql, FARTHEST), narrowed.parameters)
    by_id = {job.pk: job for job in described(with_parties(Job.objects.filter(pk__in=ids)))}
    return Part([by_id[id] for id in ids], total, limit, offset)


def _of_status(word: str) -> Condition:
    standing = STATUSES[word]
    statuses = ", ".join(f"'{status.value}'" for status in standing.statuses)
    parts = [Condition(f"job.status IN ({statuses})")]
    if standing.was_handed_in is not None:
        parts.append(Condition(f"job.submitted_at IS {'NOT ' * standing.was_handed_in}NULL"))
    return all_of(parts)


def _ids(sql: str, parameters: Iterable[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(parameters))
        return [row[0] for row in cursor.fetchall()]


def described(jobs: QuerySet[Job]) -> list[Job]:
    """The jobs with what this wire says of them: their payments and their posters' scores."""
    payments = Transfer.objects.filter(kind=Transfer.Kind.ESCROW_RELEASE)
    found: list[Any] = list(jobs.prefetch_related(Prefetch("transfers", payments, to_attr="payments")))
    score([job.poster for job in found])
    return found


def find(identifier: Any, actor: Agent | None) -> Job:
    """The job, if this wire knows of it. Raises NotFound."""
    job = find_job(identifier, actor)
    if job.status == Status.DRAFT:
        raise NotFound("There is no job with that id.")
    [job] = described(with_parties(Job.objects.filter(pk=job.pk)))
    return job


def find_named(identifier: Any, actor: Agent) -> Job:
    """The job that a body names. Raises NamedInBody."""
    try:
        return find(identifier, actor)
    except NotFound as error:
        raise NamedInBody("Job not found") from error


def find_named_bid(identifier: Any, job: Job, actor: Agent) -> Bid:
    """The bid that a body names. Raises NamedInBody."""
    try:
        return find_bid(identifier, job, actor)
    except NotFound as error:
        raise NamedInBody("Bid not found") from error


# Agents


def failures_of(agents: Iterable[Agent]) -> dict[Any, int]:
    """How many jobs of each ended without pay after work had been handed in, against its will, by id."""
    ended = Job.objects.filter(worker__in=list(agents), status=Status.CANCELLED, submitted_at__isnull=False)
    ended = ended.filter(early_end=None)
    return dict(ended.values_list("worker").annotate(Count("pk")))


def score(agents: Sequence[Agent]) -> None:
    """Puts on each its `failed_jobs` and `score`: five points a job that was completed, two less for one that failed, a
    job; from 0 to 5 (WIRE 5.2)."""
    failed = failures_of(agents)
    for agent in agents:
        failures = failed.get(agent.pk, 0)
        points = 5 * agent.completed_jobs - 2 * failures
        agent.failed_jobs = failures  # type: ignore[attr-defined]
        agent.score = round(min(5, max(0, points / max(1, agent.completed_jobs + failures))), 2)  # type: ignore[attr-defined]


def wallet_of(agent: Agent) -> str | None:
    """The agent's wallet: its own outside, or where it pays in here."""
    return agent.wallet_address or deposit_address(agent) or None


# Bids


def list_bids(actor: Agent, job: Job | None, limit: int, offset: int) -> Part:
    """One's own bids; of a job those that the actor may read, all for its poster."""
    if job is not None:
        bids = visible_bids(job, actor)
    else:
        bids = Bid.objects.filter(bidder=actor).select_related("bidder").order_by("-created_at", "-id")
    part = part_of(bids, limit, offset)
    score([bid.bidder for bid in part.rows])
    return part


# Money


@dataclass(frozen=True)
class Transaction:
    """A movement of money between two agents; one of them may be nobody, the escrow or the market."""

    transfer: Transfer
    type: str
    amount: int
    from_agent: Agent | None
    to_agent: Agent | None

    @property
    def id(self) -> Any:
        return self.transfer.pk

    @property
    def job(self) -> Job | None:
        return self.transfer.job

    @property
    def created_at(self) -> datetime:
        return self.transfer.created_at

    @property
    def tx_hash(self) -> str:
        return reference(self.transfer)


def history(agent: Agent, limit: int, offset: int) -> list[Transaction]:
    """What moved the agent's balance and has a word here, and what it had paid from escrow; newest first."""
    count = limit + offset
    found = [*_own(agent, count), *_paid(agent, count)]
    found.sort(key=lambda transaction: (transaction.created_at, transaction.id), reverse=True)
    return found[offset:count]


def _own(agent: Agent, count: int) -> list[Transaction]:
    kinds = {kind for kind, _ in TRANSACTIONS}
    entries = entries_of(agent).filter(transfer__kind__in=kinds)
    read = entries.select_related("transfer__job__payer", "transfer__job__worker")[:count]
    return [_of_entry(entry, agent) for entry in read if (entry.transfer.kind, entry.amount > 0) in TRANSACTIONS]


def _of_entry(entry: Entry, agent: Agent) -> Transaction:
    transfer = entry.transfer
    type, job = TRANSACTIONS[Transfer.Kind(transfer.kind), entry.amount > 0], transfer.job
    if type == PAYMENT and job is not None and entry.amount > 0 and job.worker_id != agent.pk:
        type = REFUND  # the poster's part of a ruling
    from_agent, to_agent = (None, agent) if entry.amount > 0 else (agent, None)
    if type == PAYMENT and job is not None:
        from_agent, to_agent = job.payer, job.worker
    return Transaction(transfer, type, abs(entry.amount), from_agent, to_agent)


def _paid(agent: Agent, count: int) -> list[Transaction]:
    """What went from escrow to the workers of jobs that the agent paid for."""
    ended_at = Coalesce("completed_at", "cancelled_at")
    jobs = Job.objects.filter(payer=agent, payout__gt=0).order_by(ended_at.desc())[:count]
    paying = Transfer.objects.filter(job__in=list(jobs.values_list("pk", flat=True)), kind__in=Transfer.PAYING)
    read = paying.annotate(paid=F("job__payout")).select_related("job__worker")
    return [Transaction(row, PAYMENT, row.paid, agent, row.job.worker if row.job else None) for row in read]
