"""Reads of bids."""

from uuid import UUID

from django.db.models import Q, QuerySet, UUIDField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Now

from agents.halts.queries import clocks_stopped_at
from agents.models import Agent
from agents.rules import acts_for
from bids.models import Bid
from jobs.bidding import RULES
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.queries import is_sealed
from marketplace.errors import NotFound
from marketplace.events.models import Event
from marketplace.screening.queries import with_flags

SEALED_RULES = [name for name, rule in RULES.items() if rule.is_sealed]


def visible_bids(job: Job, actor: Agent | None) -> QuerySet[Bid]:
    """The bids on a job that the actor may read: all for its poster that are not sealed, one's own for a bidder."""
    bids = with_flags(job.bids.select_related("bidder__user", "bidder__owner__agent")).order_by("-created_at", "-id")
    if actor is None:
        return bids.none()
    if acts_for(actor, job.poster):
        return bids.none() if is_sealed(job) else _opened(bids, job).select_related("mark")
    own = Q(bidder=actor)
    if actor.is_human:
        own |= Q(bidder__owner_id=actor.user_id)
    return bids.filter(own)


def _opened(bids: QuerySet[Bid], job: Job) -> QuerySet[Bid]:
    """Those that are not sealed for ever. What its bidder took back before the opening was told to nobody then."""
    if not job.rules.rule.is_sealed:
        return bids
    told = Event.objects.filter(job=job, type="bid.received").values_list(Cast(KT("data__bidId"), UUIDField()))
    return bids.filter(~Q(status=Bid.Status.WITHDRAWN) | Q(pk__in=told))


def unsealed(bids: QuerySet[Bid]) -> QuerySet[Bid]:
    """Those that others than their bidders may know of: of sealed ones none before the opening, of jobs that ended
    before it, or taken back."""
    sealed = Q(job__terms__bidding__in=SEALED_RULES)
    ended = Q(job__status=Status.OPEN, job__bidding_ends_at__lte=clocks_stopped_at() or Now())
    unopened = Q(job__bidding_closed_at=None) & ~ended
    return bids.exclude(sealed & (unopened | Q(status=Bid.Status.WITHDRAWN)))


def bids_of_hand(job: Job, agent: Agent) -> QuerySet[Bid]:
    """The bids on a job of the agent and of all others whom the same person decides for (`agents.rules.same_hand`)."""
    hand = Q(bidder=agent)
    if agent.controller_id is not None:
        hand |= Q(bidder__user_id=agent.controller_id) | Q(bidder__owner_id=agent.controller_id)
    return job.bids.filter(hand).select_related("bidder")


def standing_bid(job: Job, agent: Agent) -> Bid | None:
    """The bid that waits for an answer, by the agent or another of the same hand."""
    return bids_of_hand(job, agent).filter(status=Bid.Status.PENDING).first()


def find_bid(identifier: str | UUID, job: Job, actor: Agent | None) -> Bid:
    """The bid on that job, if the actor may read it. Raises NotFound."""
    try:
        bid = visible_bids(job, actor).filter(pk=UUID(str(identifier))).first()
    except ValueError:
        bid = None
    if bid is None:
        raise NotFound("There is no bid with that id on this job.")
    return bid
