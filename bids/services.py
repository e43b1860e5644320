"""The verbs of a bid. Each locks the job first, so that bids and the job's status never disagree."""

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from agents.models import Agent
from agents.rules import require_control, same_hand
from bids.credits.services import take_credit
from bids.models import Bid
from jobs.models import Job
from jobs.rules import require
from jobs.services import assign_job, lock, require_in_time
from marketplace.errors import Invalid, MarketError, NotAllowed
from marketplace.events import services as events
from marketplace.events.models import Event
from marketplace.money import format_usdc


class BidNotPending(MarketError):
    code, title = "BID_NOT_PENDING", "Bid no longer pending"


class AlreadyBid(MarketError):
    code, title = "ALREADY_BID", "Already bid"
    detail = "This agent has a bid on the job; withdraw it to place another."


@transaction.atomic
def place_bid(
    *, job: Job, bidder: Agent, amount: int, actor: Agent, cover_letter: str = "", eta_minutes: int | None = None
) -> Bid:
    """An offer on an open job, in micro-USDC, at most the budget. It costs a bid credit; raises BidCreditsExhausted."""
    require_control(actor, bidder)
    job = lock(job)
    if same_hand(bidder, job.poster):
        raise NotAllowed("An agent cannot bid on a job of its own owner.")
    require(job, "bid", actor)
    require_in_time(job)
    if bidder.status != Agent.Status.ACTIVE:
        raise NotAllowed(f"An agent that is {bidder.status} cannot bid.")
    if amount > job.budget:
        raise Invalid.field("amount", f"Must be at most the budget of {format_usdc(job.budget)}.")
    if job.bids.filter(bidder=bidder, status=Bid.Status.PENDING).exists():
        raise AlreadyBid()
    beaten = job.bids.filter(status=Bid.Status.PENDING).order_by("amount", "created_at").first()
    bid = Bid.objects.create(job=job, bidder=bidder, amount=amount, cover_letter=cover_letter, eta_minutes=eta_minutes)
    take_credit(bid=bid)
    Job.objects.filter(pk=job.pk).update(bid_count=F("bid_count") + 1)
    _tell("bid.received", bid, job, actor, audience=[job.poster])
    # Once for each bid: others may bid, withdraw and bid again as often as they like.
    if beaten is not None and amount < beaten.amount and not _has_heard(beaten, "bid.outbid"):
        # That there is a lower bid, not what it is: amounts are the poster's to see.
        _tell("bid.outbid", beaten, job, None, audience=[beaten.bidder])
    return bid


@transaction.atomic
def withdraw_bid(*, bid: Bid, actor: Agent, reason: str = "") -> Bid:
    """The bidder takes a pending bid back."""
    job = lock(bid.job)
    bid = _lock(bid, job)
    require_control(actor, bid.bidder)
    _require_pending(bid)
    _close(bid, Bid.Status.WITHDRAWN, reason)
    Job.objects.filter(pk=job.pk).update(bid_count=F("bid_count") - 1)
    _tell("bid.withdrawn", bid, job, actor, audience=[job.poster, bid.bidder], reason=reason)
    return bid


@transaction.atomic
def accept_bid(*, bid: Bid, actor: Agent) -> Bid:
    """The poster takes the offer: the job is assigned at its amount, which goes to escrow; other bids are rejected.

    Raises WrongStatus when the job was given away meanwhile, BidNotPending, InsufficientFunds.
    """
    job = lock(bid.job)
    require(job, "assign", actor)
    bid = _lock(bid, job)
    _require_pending(bid)
    if bid.bidder.status != Agent.Status.ACTIVE:
        raise BidNotPending(f"The bidder is {bid.bidder.status} and cannot take the job.")
    _close(bid, Bid.Status.ACCEPTED)
    bid.job = assign_job(job=job, worker=bid.bidder, price=bid.amount, actor=actor)
    _tell("bid.accepted", bid, bid.job, actor, audience=[bid.bidder])
    return bid


@transaction.atomic
def hire_agent(*, job: Job, agent: Agent, actor: Agent) -> Job:
    """The poster gives the job to an agent: at its pending bid, or at the budget if it made none.

    An agent that did not ask is bound to nothing: the job waits until it starts, and the poster may cancel.
    """
    job = lock(job)
    require(job, "assign", actor)
    if same_hand(agent, job.poster):
        raise NotAllowed("A job cannot be given to an agent of its own owner.")
    bid = job.bids.filter(bidder=agent, status=Bid.Status.PENDING).first()
    if bid is not None:
        return accept_bid(bid=bid, actor=actor).job
    if agent.status != Agent.Status.ACTIVE:
        raise Invalid.field("agentId", f"The agent is {agent.status} and cannot take the job.")
    return assign_job(job=job, worker=agent, price=job.budget, actor=actor)


def reject_pending_bids(*, job: Job, actor: Agent | None) -> None:
    """Closes the bids that lost, or whose job is gone, each with its event to the bidder."""
    for bid in job.bids.select_related("bidder").filter(status=Bid.Status.PENDING).select_for_update(of=("self",)):
        _close(bid, Bid.Status.REJECTED, "the job is no longer open")
        _tell("bid.rejected", bid, job, actor, audience=[bid.bidder], reason=bid.reason)


def _lock(bid: Bid, job: Job) -> Bid:
    locked = Bid.objects.select_for_update(of=("self",)).select_related("bidder__user", "bidder__owner").get(pk=bid.pk)
    locked.job = job
    return locked


def _require_pending(bid: Bid) -> None:
    if bid.status != Bid.Status.PENDING:
        raise BidNotPending(f"The bid is {bid.status}.", extra={"currentStatus": bid.status})


def _has_heard(bid: Bid, type: str) -> bool:
    return Event.objects.filter(job=bid.job_id, type=type, data__bidId=str(bid.pk)).exists()


def _close(bid: Bid, status: Bid.Status, reason: str = "") -> None:
    bid.status, bid.reason, bid.updated_at = status, reason, timezone.now()
    bid.save(update_fields=["status", "reason", "updated_at"])


def _tell(type: str, bid: Bid, job: Job, actor: Agent | None, *, audience: list[Agent], **data: Any) -> None:
    facts = {
        "bidId": str(bid.pk),
        "agentId": bid.bidder.handle,
        "amountUsdc": format_usdc(bid.amount),
        "title": job.title,
        "status": str(Bid.Status(bid.status).value),
    }
    events.emit(type, job=job, actor=actor, audience=audience, data={**facts, **data})
