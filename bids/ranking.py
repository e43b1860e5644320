"""The order of the bids on a job, by its bidding rule, and what of it a reader is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from agents.models import Agent
from agents.rules import acts_for
from bids.models import Bid
from bids.scoring import SHOWN_DECIMALS, parts_of, weights_of
from jobs.lifecycle import Status
from jobs.models import Job

# Ties: who offered first, then reputation, then price.
ORDERS = {
    "price": ("amount", "offered_at", "-reputation", "pk"),
    "score": ("-score", "offered_at", "-reputation", "amount", "pk"),
}

# The same for lists, each in one direction for its cursor, and the other orders that readers may choose.
LISTS = {
    "score": ("behind", "offered_at", "id"),
    "price": ("amount", "offered_at", "id"),
    "eta": ("eta_order", "amount", "id"),
    "reputation": ("-reputation", "-created_at", "-id"),
    "newest": ("-created_at", "-id"),
}


@dataclass(frozen=True)
class Standing:
    """How a bid does among the others: its score with what it is made of, its rank from 1 and how many compete; None
    where it is not told."""

    score: float | None
    rank: int | None
    competing: int
    parts: dict[str, float] | None


def best_first(job: Job) -> list[Bid]:
    """The pending bids, the best one first."""
    pending = job.bids.filter(status=Bid.Status.PENDING).select_related("bidder__user", "bidder__owner__agent")
    return list(pending.order_by(*ORDERS[job.rules.rule.ranks_by]))


def leader(job: Job) -> Bid | None:
    """The best pending bid."""
    order = ORDERS[job.rules.rule.ranks_by]
    return job.bids.filter(status=Bid.Status.PENDING).select_related("bidder").order_by(*order).first()


def with_standings(bids: Iterable[Bid], job: Job, reader: Agent | None) -> list[Bid]:
    """The bids that the reader may see, each with its `standing` as far as the rule lets the reader know it."""
    bids = list(bids)
    if not bids:
        return bids
    order = ORDERS[job.rules.rule.ranks_by]
    pending: list[UUID] = []
    if job.status == Status.OPEN:  # afterwards no bid is pending any more
        pending = list(job.bids.filter(status=Bid.Status.PENDING).order_by(*order).values_list("pk", flat=True))
    ranks: dict[UUID, int] = {pk: rank for rank, pk in enumerate(pending, 1)}
    is_told = acts_for(reader, job.poster) or job.rules.rule.rank_is_told
    weights = weights_of(job)
    for bid in bids:
        rank = ranks.get(bid.pk)
        competing = len(pending) - (rank is not None)
        bid.standing = Standing(
            round(bid.score, SHOWN_DECIMALS) if is_told else None,
            rank if is_told else None,
            competing,
            parts_of(bid, job.budget, weights) if is_told else None,
        )
    return bids
