"""Reads of bids."""

from uuid import UUID

from django.db.models import Q, QuerySet

from agents.models import Agent
from agents.rules import acts_for
from bids.models import Bid
from jobs.models import Job
from jobs.queries import is_sealed
from marketplace.errors import NotFound


def visible_bids(job: Job, actor: Agent | None) -> QuerySet[Bid]:
    """The bids on a job that the actor may read: all for its poster unless they are sealed, one's own for a bidder."""
    bids = job.bids.select_related("bidder__user", "bidder__owner").order_by("-created_at", "-id")
    if actor is None:
        return bids.none()
    if acts_for(actor, job.poster):
        return bids.none() if is_sealed(job) else bids
    own = Q(bidder=actor)
    if actor.is_human:
        own |= Q(bidder__owner_id=actor.user_id)
    return bids.filter(own)


def bids_of_hand(job: Job, agent: Agent) -> QuerySet[Bid]:
    """The bids on a job of the agent and of all others whom the same person decides for (`agents.rules.same_hand`)."""
    hand = Q(bidder=agent)
    if agent.controller_id is not None:
        hand |= Q(bidder__user_id=agent.controller_id) | Q(bidder__owner_id=agent.controller_id)
    return job.bids.filter(hand).select_related("bidder")


def find_bid(identifier: str | UUID, job: Job, actor: Agent | None) -> Bid:
    """The bid on that job, if the actor may read it. Raises NotFound."""
    try:
        bid = visible_bids(job, actor).filter(pk=UUID(str(identifier))).first()
    except ValueError:
        bid = None
    if bid is None:
        raise NotFound("There is no bid with that id on this job.")
    return bid
