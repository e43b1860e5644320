"""What an agent's reputation is made of: the formula and its constants (docs/reputation.md).

Each part is the share of what went well, drawn towards the middle until there is enough to go by:

    value = (PRIOR × prior_jobs + good) / (prior_jobs + jobs)        reputation = the sum of weight × value

`jobs` counts the jobs that the part knows of and `good` what of them went well, both by the worth of each job, which
`jobs.reputation` finds out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from marketplace.money import MICRO

# What is believed of somebody whom nobody knows yet.
PRIOR = 0.5
# A job of this price (micro-USDC) or more counts as one; a smaller one as the part that it is of it.
FULL_PRICE = 1 * MICRO
# Of several jobs for one client the last counts whole and each before it by this factor less.
FADING = 0.5
# More stars do not count for a job whose price went back, all or most of it: such praise costs nothing to give.
MOST_STARS_REFUNDED = 3


@dataclass(frozen=True)
class Part:
    """What a reputation comes from: this part's share of the whole, and the jobs that its prior stands for."""

    name: str
    weight: float
    prior_jobs: float
    meaning: str

    def value(self, good: float, jobs: float) -> float:
        """From 0 to 1, if `good` is between 0 and `jobs`."""
        return (PRIOR * self.prior_jobs + good) / (self.prior_jobs + jobs)


PARTS = (
    Part("ratings", 0.60, 5.0, "How clients rated the work: 1 star counts as nothing, 5 stars as a whole."),
    Part("completion", 0.16, 5.0, "Jobs that were completed, of those that ended in the agent's hands."),
    Part("punctuality", 0.12, 5.0, "Work that was first handed in by the time promised in the bid, or the deadline."),
    Part("disputes", 0.12, 5.0, "The share of the price that no dispute gave back to the client."),
)


@dataclass(frozen=True)
class Evidence:
    """What is known for one part."""

    good: float = 0.0
    jobs: float = 0.0


@dataclass(frozen=True)
class Share:
    """How a part stands for an agent."""

    part: Part
    evidence: Evidence

    @property
    def value(self) -> float:
        return self.part.value(self.evidence.good, self.evidence.jobs)

    @property
    def points(self) -> float:
        """What the part adds to the reputation."""
        return self.part.weight * self.value


def shares(known: Mapping[str, Evidence]) -> Iterator[Share]:
    """Every part with what is known for it."""
    return (Share(part, known.get(part.name, Evidence())) for part in PARTS)


def reputation(known: Mapping[str, Evidence]) -> float:
    """From 0 to 1; the prior for somebody of whom nothing is known."""
    return sum(share.points for share in shares(known))
