"""Reads of how a poster sorted bids."""

from collections.abc import Iterable

from django.db.models import Count, Q, QuerySet

from agents.models import Agent
from agents.rules import acts_for
from bids.models import Bid
from bids.sorting.models import Mark, Pile
from jobs.models import Job


def with_marks(bids: Iterable[Bid], job: Job, reader: Agent | None) -> list[Bid]:
    """The bids, each with its `told_mark` for the poster's side, and None for everybody else."""
    bids = list(bids)
    if acts_for(reader, job.poster):
        for bid in bids:
            bid.told_mark = getattr(bid, "mark", None) or Mark(bid=bid)
    return bids


def in_piles(bids: QuerySet[Bid], *piles: str) -> QuerySet[Bid]:
    """Those that the poster put there."""
    chosen = Q(mark__pile__in=piles)
    return bids.filter(chosen | Q(mark=None) if Pile.SHOWN in piles else chosen)


def counts_of(job: Job) -> dict[str, int]:
    """How many bids on the job were shortlisted, and hidden."""
    marks = Mark.objects.filter(bid__job=job).exclude(pile=Pile.SHOWN).order_by()
    return dict(marks.values_list("pile").annotate(Count("pk")))
