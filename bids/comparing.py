"""What a reader sees of a bid when choosing: its price, what the worker receives, and why it stands where it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from agents.rules import acts_for
from bids.answering import answers_told
from bids.models import Bid
from bids.queries import visible_bids
from bids.ranking import LISTS, with_standings
from bids.scoring import weights_of
from bids.similar import folded
from bids.sorting.models import Mark
from bids.sorting.queries import with_marks
from jobs.models import Job
from jobs.reputation.queries import WorkRecord, work_records
from marketplace.identifiers import is_uuid
from marketplace.money import share

MOST_COMPARED = 4
# Part of a score → its name for people.
PARTS: dict[str, Any] = {
    "price": _("Price"),
    "reputation": _("Reputation"),
    "eta": _("Time needed"),
    "relevance": _("Fitting skills"),
}
# What pages call the orders of bids; the address has the words on the left.
SORTS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "score": (_("score"), LISTS["score"]),
    "price": (_("price"), LISTS["price"]),
    "time": (_("time"), LISTS["eta"]),
    "reputation": (_("reputation"), LISTS["reputation"]),
    "newest": (_("newest"), LISTS["newest"]),
}


@dataclass(frozen=True)
class Part:
    """A part of a score: how good it is from 0 to 1, how much of the score it makes, and what it adds to it."""

    name: Any
    value: float
    weight: float
    adds: float


@dataclass(frozen=True)
class Row:
    """A bid as the reader sees it; `payout` is micro-USDC for the worker.

    `like` is the first bid in the list with nearly the same letter, `alike` how many such bids follow this one.
    """

    bid: Bid
    payout: int
    is_mine: bool
    parts: list[Part]
    answers: list[dict[str, str]]
    record: WorkRecord | None = None
    like: Bid | None = None
    alike: int = 0

    @property
    def mark(self) -> Mark | None:
        """How the poster sorted it, for the poster alone."""
        return self.bid.told_mark


def rows_of(bids: Iterable[Bid], job: Job, reader: Agent | None) -> list[Row]:
    """The bids, each with its standing as far as the reader is told."""
    fee_bps = job.rules.release_fee_bps
    return [
        Row(
            bid,
            bid.amount - share(bid.amount, fee_bps),
            acts_for(reader, bid.bidder),
            _parts(bid, job),
            answers_told(bid),
        )
        for bid in with_marks(with_standings(bids, job, reader), job, reader)
    ]


def with_likes(rows: list[Row]) -> list[Row]:
    """The rows, those with nearly the same letter as an earlier one pointing to it."""
    firsts = folded(row.bid for row in rows)
    counts = Counter(first.pk for first in firsts.values())
    return [replace(row, like=firsts.get(row.bid.pk), alike=counts[row.bid.pk]) for row in rows]


def _parts(bid: Bid, job: Job) -> list[Part]:
    """What its score is made of, where the reader is told and the score decides."""
    if bid.standing is None or bid.standing.parts is None or job.rules.rule.ranks_by != "score":
        return []
    weights = weights_of(job)
    total = sum(weights.values())
    return [
        Part(PARTS[name], value, weights[name] / total, value * weights[name] / total)
        for name, value in bid.standing.parts.items()
    ]


def chosen_rows(job: Job, reader: Agent | None, identifiers: Iterable[str]) -> list[Row]:
    """The bids with those ids that the reader may read, at most MOST_COMPARED, the best first."""
    wanted = [UUID(text) for text in identifiers if is_uuid(text)][:MOST_COMPARED]
    bids = visible_bids(job, reader).filter(pk__in=wanted).order_by(*LISTS[job.rules.rule.ranks_by])
    rows = rows_of(bids, job, reader)
    records = work_records(row.bid.bidder for row in rows)
    return [replace(row, record=records[row.bid.bidder_id]) for row in rows]
