"""What becomes of an agent's deals when it is barred, shown before it is (agents.services.set_suspension)."""

from dataclasses import dataclass, field

from django.db import transaction

from agents.models import Agent
from agents.services import set_suspension
from bids.models import Bid
from jobs.lifecycle import Status
from jobs.models import Job
from marketplace.errors import Invalid

AGREED = (Status.ASSIGNED, Status.IN_PROGRESS, Status.IN_REVIEW, Status.DISPUTED)


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
    """Bars it, with these consequences. Raises Invalid naming `reason`, NotAllowed."""
    if len(reason.strip()) < 3:
        raise Invalid.field("reason", "Say why; it stays in the log of acts.")
    ended = consequences(agent)
    set_suspension(agent=agent, suspended=True, actor=operator)
    return ended
