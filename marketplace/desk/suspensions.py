"""Barring an agent, and what becomes of its deals.

Offers end with it and agreed deals go on: the other side keeps its rights, and the clocks run. So nobody who did their
part waits for somebody who may not act any more, and nobody is paid for work that was not agreed on yet.
"""

from dataclasses import dataclass, field

from django.db import transaction

from agents.models import Agent
from agents.services import set_suspension
from bids.models import Bid
from bids.services import withdraw_bid
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.services import cancel_job
from marketplace.errors import Invalid

AGREED = (Status.ASSIGNED, Status.IN_PROGRESS, Status.IN_REVIEW, Status.DISPUTED)
WHY = "Ended by the operators, who suspended the account."


@dataclass(frozen=True)
class Consequences:
    """What a suspension does to the agent's deals: which end and which go on."""

    agent: Agent
    cancelled: list[Job] = field(default_factory=list)
    withdrawn: list[Bid] = field(default_factory=list)
    going_on: list[Job] = field(default_factory=list)


def consequences(agent: Agent) -> Consequences:
    """What would happen if it were suspended now."""
    jobs = Job.objects.select_related("poster", "worker").order_by("created_at", "id")
    bids = Bid.objects.filter(bidder=agent, status=Bid.Status.PENDING, job__status=Status.OPEN)
    mine = jobs.filter(poster=agent, status__in=AGREED) | jobs.filter(worker=agent, status__in=AGREED)
    return Consequences(
        agent,
        list(jobs.filter(poster=agent, status=Status.OPEN)),
        list(bids.select_related("job", "bidder").order_by("created_at", "id")),
        list(mine),
    )


@transaction.atomic
def suspend(*, agent: Agent, operator: Agent, reason: str) -> Consequences:
    """Ends its open jobs with a full refund of what they hold, takes back its bids, and bars it.

    Raises Invalid naming `reason`, NotAllowed.
    """
    if len(reason.strip()) < 3:
        raise Invalid.field("reason", "Say why; it stays in the log of acts.")
    ended = consequences(agent)
    for job in ended.cancelled:
        cancel_job(job=job, actor=agent, reason=WHY)
    for bid in ended.withdrawn:
        withdraw_bid(bid=bid, actor=agent, reason=WHY)
    set_suspension(agent=agent, suspended=True, actor=operator)
    return ended
