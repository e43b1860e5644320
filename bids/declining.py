"""The poster says no to bids, one or many at once, and may say why."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from agents.models import Agent
from bids.models import Bid
from bids.services import close_if_due, note_lowest, reject, require_may_hire
from jobs.models import Job
from jobs.services import lock
from marketplace.errors import Invalid
from marketplace.screening.services import screened

MOST_DECLINED = 100


@screened(message="message")
def decline_bids(*, job: Job, bids: Sequence[UUID], actor: Agent, message: str = "") -> list[Bid]:
    """Rejects those of the bids that are pending, each with the message to its bidder; returns them.

    What was withdrawn meanwhile stays as it is. Raises NotAllowed, WrongStatus, BidsSealed, Invalid, Prohibited.
    """
    if not 0 < len(bids) <= MOST_DECLINED:
        raise Invalid.field("bidIds", f"Name 1 to {MOST_DECLINED} bids.")
    close_if_due(job)
    return _decline_all(job, bids, actor, message)


@transaction.atomic
def _decline_all(job: Job, ids: Sequence[UUID], actor: Agent, message: str) -> list[Bid]:
    job = lock(job)
    require_may_hire(job, actor)
    named = job.bids.filter(pk__in=ids).select_related("bidder__user", "bidder__owner").order_by("pk")
    bids = list(named.select_for_update(of=("self",)))
    if len(bids) < len(set(ids)):
        raise Invalid.field("bidIds", "Name bids on this job.")
    pending = [bid for bid in bids if bid.status == Bid.Status.PENDING]
    reject(pending, job, actor, message)
    note_lowest(job)
    return pending
