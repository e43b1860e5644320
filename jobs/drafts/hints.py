"""What jobs of a kind have cost, for those who think of a budget."""

from dataclasses import dataclass
from statistics import quantiles

from django.db.models import Q
from django.db.models.functions import Upper

from jobs.lifecycle import Status
from jobs.models import Job, JobTemplate

LOOKED_AT = 200
FEWEST = 3


@dataclass(frozen=True)
class PriceHint:
    """Of the latest completed jobs, how many there were, and between which micro-USDC half of them were paid; None
    where there were none to ask."""

    count: int
    low: int | None
    middle: int | None
    high: int | None


def price_hint(*, template: JobTemplate | None = None, vertical: str = "") -> PriceHint | None:
    """Of jobs from the template or, without one, of the category; None for too few. Offers to one agent are private."""
    kind = Q(template=template) if template else Q(upper=vertical.upper())
    if template is None and not vertical:
        return None
    done = Job.objects.annotate(upper=Upper("vertical")).filter(
        kind, status=Status.COMPLETED, price__isnull=False, invited=None
    )
    prices = [job.amount for job in done.order_by("-created_at", "-id").only("price", "budget")[:LOOKED_AT]]
    if len(prices) < FEWEST:
        return None
    return PriceHint(len(prices), *(round(price) for price in quantiles(prices, n=4, method="inclusive")))
