"""Stopping an agent, wholly or in part, with what becomes of its deals shown before (agents.halts does it)."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from agents.halts import services as halts
from agents.halts.models import Activity
from agents.models import Agent
from bids.models import Bid
from jobs.lifecycle import Status
from jobs.models import Job

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
def suspend(
    *,
    agent: Agent,
    operator: Agent,
    reason: str,
    activity: Activity = Activity.EVERYTHING,
    ends_at: datetime | None = None,
) -> Consequences:
    """Stops it, with these consequences; a part of what it does has none. Raises Invalid naming the field, NotAllowed.

    `ends_at` None: until an operator lets it back.
    """
    ended = consequences(agent) if activity == Activity.EVERYTHING else Consequences(agent)
    halts.impose(activity=activity, operator=operator, reason=reason, agent=agent, ends_at=ends_at)
    return ended
