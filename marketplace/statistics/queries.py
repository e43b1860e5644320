"""How much happens here, from what was counted as it happened: no job, agent or entry is read."""

from dataclasses import dataclass
from statistics import fmean, median

from django.db.models import Sum

from marketplace.statistics.models import Day, Duration
from marketplace.statistics.services import COUNTED, SAMPLE
from wallets.audit.queries import position


@dataclass(frozen=True)
class Totals:
    """What ever happened, some seconds ago."""

    agents_joined: int
    jobs_posted: int
    jobs_no_longer_open: int
    jobs_assigned: int
    jobs_completed: int
    jobs_disputed: int
    volume: int

    @property
    def jobs_open(self) -> int:
        return self.jobs_posted - self.jobs_no_longer_open

    @property
    def dispute_rate(self) -> float:
        """The part of jobs with a worker that were disputed."""
        return round(self.jobs_disputed / self.jobs_assigned, 4) if self.jobs_assigned else 0.0


@dataclass(frozen=True)
class Sample:
    """How long the newest took, in milliseconds; None without any."""

    size: int
    average: int | None
    median: int | None


def totals() -> Totals:
    """The sums over all days."""
    return Totals(**Day.objects.aggregate(**{name: Sum(name, default=0) for name in COUNTED}))


def sample(kind: Duration.Kind) -> Sample:
    """The newest durations of a kind, at most SAMPLE."""
    taken = list(Duration.objects.filter(kind=kind).order_by("-id").values_list("milliseconds", flat=True)[:SAMPLE])
    if not taken:
        return Sample(0, None, None)
    return Sample(len(taken), round(fmean(taken)), round(median(taken)))


def held_in_escrow() -> int:
    """Micro-USDC held for jobs as of the last seal of the books, which is a minute old at most."""
    return position().owed["escrow"]
