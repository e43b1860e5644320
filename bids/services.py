"""The verbs of a bid. Each locks the job first, so that bids and the job's status never disagree.

What competes for a job follows its bidding rule (`jobs.bidding`). A window ends by the database's clock: whoever comes
after that, a sweep or a request, closes it before anything else.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Min
from django.db.models.functions import Now
from django.utils import timezone

from agents.blocks.queries import is_blocked
from agents.halts.models import Activity
from agents.halts.queries import is_held_off
from agents.halts.rules import require_not_halted
from agents.models import Agent
from agents.rules import is_barred, require_control, same_hand
from bids import ranking, telling
from bids.answering import answered
from bids.credits.services import take_credit
from bids.models import Bid
from bids.queries import standing_bid
from bids.scoring import score_of
from jobs.models import Job
from jobs.qualification import require_qualified
from jobs.queries import due_to_close, has_bidding_ended, is_sealed
from jobs.rules import require
from jobs.services import DeadlinePassed, assign_job, decline_job, lock
from marketplace.database import database_now
from marketplace.errors import Invalid, MarketError, NotAllowed
from marketplace.events import services as events
from marketplace.money import format_usdc
from marketplace.screening.services import screened
from marketplace.timestamps import format_timestamp
from wallets.budgets.services import BudgetCategoryNotAllowed, BudgetExceeded, BudgetPaused, BudgetRevoked
from wallets.ledger import InsufficientFunds

# Of an offer that takes the place of an earlier one, what stays when it is not said again.
KEPT = frozenset({"cover_letter", "eta_minutes", "answers"})
UNPAYABLE = (InsufficientFunds, BudgetCategoryNotAllowed, BudgetExceeded, BudgetPaused, BudgetRevoked)

logger = structlog.get_logger(__name__)


class BidNotPending(MarketError):
    code, title = "BID_NOT_PENDING", "Bid no longer pending"


class AlreadyBid(MarketError):
    code, title = "ALREADY_BID", "Already bid"
    detail = "This agent has a bid on the job; withdraw it to place another."


class BiddingClosed(MarketError):
    code, title = "BIDDING_CLOSED", "Bidding has ended"

    def __init__(self, job: Job):
        ended_at = format_timestamp(job.bidding_ends_at) if job.bidding_ends_at else ""
        super().__init__(f"Bidding on this job ended at {ended_at}.", extra={"biddingEndsAt": ended_at})


class BidsSealed(MarketError):
    code, title = "BIDS_SEALED", "Bids are sealed"
    detail = "The bids on this job are sealed until bidding ends; nobody can be hired before."


class DirectOffer(MarketError):
    code, title = "DIRECT_OFFER", "A direct offer"
    detail = "This job is offered to one agent, who accepts or declines it; it takes no bids."


class StaleBid(MarketError):
    code, title = "STALE_BID", "The bid has changed"

    def __init__(self, bid: Bid):
        super().__init__(
            f"The bid is at version {bid.version} now, of {format_usdc(bid.amount)} USDC; read it and accept that.",
            extra={"currentVersion": bid.version, "updatedAt": format_timestamp(bid.updated_at)},
        )


class OfferUnpaid(MarketError):
    code, title = "OFFER_UNPAID", "The offer cannot be paid"
    detail = "The poster cannot pay for this offer at the moment; try again later, or decline."


# Placing and taking back


@screened(cover_letter="coverLetter", answers="answers")
def place_bid(
    *,
    job: Job,
    bidder: Agent,
    amount: int,
    actor: Agent,
    cover_letter: str = "",
    eta_minutes: int | None = None,
    answers: Sequence[str] = (),
) -> Bid:
    """An offer on an open job, in micro-USDC, at most the budget, with an answer to each of the job's questions. It
    costs a bid credit.

    Where the rule lets bids be lowered, a bidder's second one takes the place of the first and costs nothing; what it
    does not say again stays. Raises BiddingClosed, NotQualified, AlreadyBid, BidCreditsExhausted, Halted, Invalid.
    """
    close_if_due(job)
    offer = {"amount": amount, "cover_letter": cover_letter, "eta_minutes": eta_minutes, "answers": answers}
    return _place(job, bidder, actor, offer)


@transaction.atomic
def _place(job: Job, bidder: Agent, actor: Agent, offer: dict[str, Any]) -> Bid:
    require_control(actor, bidder)
    require_not_halted(Activity.BIDS, bidder)
    job = lock(job)
    offer["offered_at"] = _require_may_bid(job, bidder, actor)
    if offer["amount"] > job.budget:
        raise Invalid.field("amount", f"Must be at most the budget of {format_usdc(job.budget)}.")
    standing = standing_bid(job, bidder)
    if offer["answers"] or standing is None:
        offer["answers"] = answered(job, offer["answers"])
    before = ranking.leader(job)
    offer["score"] = score_of(job, bidder, amount=offer["amount"], eta_minutes=offer["eta_minutes"])
    offer["reputation"] = bidder.reputation
    if standing is not None:
        bid = _lower(standing, job, bidder, actor, offer)
    else:
        bid = Bid.objects.create(job=job, bidder=bidder, **offer)
        take_credit(bid=bid)
        Job.objects.filter(pk=job.pk).update(bid_count=F("bid_count") + 1)
        telling.tell_placed(bid, job, actor)
    note_lowest(job)
    telling.tell_outbid(before, job)
    return bid


def _require_may_bid(job: Job, bidder: Agent, actor: Agent) -> datetime:
    """When the bid comes."""
    if same_hand(bidder, job.poster):
        raise NotAllowed("An agent cannot bid on a job of its own owner.")
    # Under the job's lock: it decides which bids are in time and which was first. Whoever waited past the end is late.
    moment = database_now()
    # Before the status: whoever comes after the end hears that, also when the best bid has been accepted by then.
    if job.bidding_closed_at or (job.bidding_ends_at and _is_over(job.bidding_ends_at, moment)):
        raise BiddingClosed(job)
    require(job, "bid", actor)
    if not job.rules.rule.takes_bids:
        raise DirectOffer()
    if _is_over(job.deadline_at, moment):
        raise DeadlinePassed()
    if bidder.status != Agent.Status.ACTIVE:
        raise NotAllowed(f"An agent that is {bidder.status} cannot bid.")
    require_qualified(job, bidder)
    return moment


def _is_over(end: datetime, moment: datetime) -> bool:
    return moment >= end and not is_held_off(end)


def _lower(bid: Bid, job: Job, bidder: Agent, actor: Agent, offer: dict[str, Any]) -> Bid:
    if bid.bidder_id != bidder.pk:
        raise AlreadyBid(f"{bid.bidder.handle}, of the same owner, has a bid on the job; withdraw it to place another.")
    if not job.rules.rule.may_lower:
        raise AlreadyBid()
    if offer["amount"] >= bid.amount:
        raise Invalid.field("amount", f"Must be lower than your bid of {format_usdc(bid.amount)}.")
    # What is not said again stays as it was said.
    kept = {name: value for name, value in offer.items() if value or name not in KEPT}
    for name, value in kept.items():
        setattr(bid, name, value)
    bid.score = score_of(job, bid.bidder, amount=bid.amount, eta_minutes=bid.eta_minutes)
    bid.version, bid.updated_at = bid.version + 1, timezone.now()
    bid.save(update_fields=[*kept, "score", "version", "updated_at"])
    telling.tell_lowered(bid, job, actor)
    return bid


@screened(reason="reason")
def withdraw_bid(*, bid: Bid, actor: Agent, reason: str = "") -> Bid:
    """The bidder takes a pending bid back."""
    close_if_due(bid.job)
    return _withdraw(bid, actor, reason)


@transaction.atomic
def _withdraw(bid: Bid, actor: Agent, reason: str) -> Bid:
    job = lock(bid.job)
    bid = _lock(bid, job)
    require_control(actor, bid.bidder)
    _require_pending(bid)
    close(bid, Bid.Status.WITHDRAWN, reason)
    Job.objects.filter(pk=job.pk).update(bid_count=F("bid_count") - 1)
    note_lowest(job)
    telling.tell_withdrawn(bid, job, actor, reason)
    return bid


# Choosing


def accept_bid(*, bid: Bid, actor: Agent, version: int | None = None, updated_at: datetime | None = None) -> Bid:
    """The poster takes the offer: the job is assigned at its amount, which goes to escrow; other bids are rejected.

    With a `version`, or the time of its last change, only that offer is taken: raises StaleBid when it has changed.
    Raises WrongStatus when the job was given away meanwhile, BidsSealed, BidNotPending, InsufficientFunds.
    """
    close_if_due(bid.job)
    return _accept(bid, actor, version, updated_at)


@transaction.atomic
def _accept(bid: Bid, actor: Agent, version: int | None, updated_at: datetime | None) -> Bid:
    job = lock(bid.job)
    require_may_hire(job, actor)
    bid = _lock(bid, job)
    _require_pending(bid)
    changed = updated_at is not None and format_timestamp(updated_at) != format_timestamp(bid.updated_at)
    if changed or (version is not None and version != bid.version):
        raise StaleBid(bid)
    return _take(bid, job, actor, "assign")


def hire_agent(*, job: Job, agent: Agent, actor: Agent) -> Job:
    """The poster gives the job to an agent: at its pending bid, or at the budget if it made none.

    An agent that did not ask is bound to nothing: the job waits until it starts, and the poster may cancel. Raises
    Invalid naming `agentId` for one that takes no offers from the poster.
    """
    close_if_due(job)
    return _hire(job, agent, actor)


@transaction.atomic
def _hire(job: Job, agent: Agent, actor: Agent) -> Job:
    job = lock(job)
    require_may_hire(job, actor)
    if same_hand(agent, job.poster):
        raise NotAllowed("A job cannot be given to an agent of its own owner.")
    bid = job.bids.filter(bidder=agent, status=Bid.Status.PENDING).first()
    if bid is not None:
        return _accept(bid, actor, None, None).job
    if not _can_take(agent):
        raise Invalid.field("agentId", f"The agent is {_state_of(agent)} and cannot take the job.")
    if is_blocked(job.poster, agent):
        raise Invalid.field("agentId", "Takes no offers from you.")
    return assign_job(job=job, worker=agent, price=job.budget, actor=actor)


def _can_take(agent: Agent) -> bool:
    return agent.status == Agent.Status.ACTIVE and not is_barred(agent)


def _state_of(agent: Agent) -> str:
    return Agent.Status.SUSPENDED if is_barred(agent) else agent.status


def require_may_hire(job: Job, actor: Agent) -> None:
    """Raises NotAllowed, WrongStatus, DirectOffer or BidsSealed unless the actor chooses among the bids on the job now;
    the caller holds its lock."""
    require(job, "assign", actor)
    if not job.rules.rule.takes_bids:
        raise DirectOffer()
    if is_sealed(job):
        raise BidsSealed()


def _take(bid: Bid, job: Job, actor: Agent | None, verb: str) -> Bid:
    if not _can_take(bid.bidder):
        raise BidNotPending(f"The bidder is {_state_of(bid.bidder)} and cannot take the job.")
    close(bid, Bid.Status.ACCEPTED)
    promised_at = job.deadline_at if bid.eta_minutes is None else Now() + timedelta(minutes=bid.eta_minutes)
    bid.job = assign_job(job=job, worker=bid.bidder, price=bid.amount, actor=actor, verb=verb, promised_at=promised_at)
    telling.tell("bid.accepted", bid, bid.job, actor, audience=[bid.bidder])
    return bid


def reject_pending_bids(*, job: Job, actor: Agent | None) -> None:
    """Closes the bids that lost, or whose job is gone."""
    pending = job.bids.select_related("bidder").filter(status=Bid.Status.PENDING).order_by("pk")
    reject(list(pending.select_for_update(of=("self",))), job, actor, "the job is no longer open")


def reject(bids: Sequence[Bid], job: Job, actor: Agent | None, reason: str) -> None:
    """Ends these bids, in as many statements however many they are, each with its event to the bidder; the caller holds
    their locks."""
    changes = {"status": Bid.Status.REJECTED, "reason": reason, "updated_at": timezone.now()}
    Bid.objects.filter(pk__in=[bid.pk for bid in bids]).update(**changes)
    for bid in bids:
        for field, value in changes.items():
            setattr(bid, field, value)
    telling.tell_rejected(bids, job, actor)


# The end of bidding


def close_if_due(job: Job) -> None:
    """Closes the window of a job if it has ended and no sweep came by yet."""
    if job.bidding_closed_at is None and has_bidding_ended(job):
        close_window(job=job)


@transaction.atomic
def close_window(*, job: Job) -> Job:
    """The clock: bidding is over. Sealed bids are opened and, if the Terms say so, the best bid is accepted."""
    job = lock(job)
    if not due_to_close().filter(pk=job.pk).exists():
        return job
    was_sealed = job.rules.rule.is_sealed
    job.bidding_closed_at = Now()
    job.save(update_fields=["bidding_closed_at"])
    job.refresh_from_db(fields=["bidding_closed_at"])
    if was_sealed:
        telling.tell_opened(job)
    count = job.bids.filter(status=Bid.Status.PENDING).count()
    facts = {"title": job.title, "bidCount": count}
    events.emit("job.bidding_closed", job=job, actor=None, audience=[job.poster], data=facts)
    if count and job.rules.auto_accept:
        _award(job)
    return job


def _award(job: Job) -> None:
    """Accepts the best bid of a bidder who can take the job. What stands in the way is told to the poster, who has all
    bids to choose from as before."""
    best = next((bid for bid in ranking.best_first(job) if _can_take(bid.bidder)), None)
    if best is None:
        _tell_failed(job, "none of the bidders is active")
        return
    try:
        with transaction.atomic():
            if is_barred(job.poster):
                raise NotAllowed("The account is suspended; write to the operators.")
            _take(_lock(best, job), job, None, "award")
    except MarketError as refusal:
        logger.info("award_failed", job=str(job.pk), code=refusal.code)
        _tell_failed(job, refusal.detail)


def _tell_failed(job: Job, reason: str) -> None:
    facts = {"title": job.title, "reason": reason}
    events.emit("job.award_failed", job=job, actor=None, audience=[job.poster], data=facts)


# Direct offers


@transaction.atomic
def accept_offer(*, job: Job, actor: Agent) -> Job:
    """The invited agent takes the job at its budget. Raises OfferUnpaid when the poster cannot pay, or is
    barred, which is nobody else's business either."""
    job = lock(job)
    require(job, "accept-offer", actor)
    invited = job.invited
    assert invited is not None, "the table lets nobody else do this"
    if not _can_take(invited):
        raise NotAllowed(f"An agent that is {_state_of(invited)} cannot take a job.")
    if is_barred(job.poster):
        raise OfferUnpaid()
    try:
        return assign_job(
            job=job,
            worker=invited,
            price=job.budget,
            actor=actor,
            verb="accept-offer",
            promised_at=job.deadline_at,
        )
    except UNPAYABLE as refusal:
        # What the poster's wallet holds, and what its owner allows it, is nobody else's business.
        raise OfferUnpaid() from refusal


def decline_offer(*, job: Job, actor: Agent, reason: str = "") -> Job:
    """The invited agent does not want the job, which ends; what was held goes back whole."""
    return decline_job(job=job, actor=actor, reason=reason)


def _lock(bid: Bid, job: Job) -> Bid:
    locked = Bid.objects.select_for_update(of=("self",)).select_related("bidder__user", "bidder__owner").get(pk=bid.pk)
    locked.job = job
    return locked


def _require_pending(bid: Bid) -> None:
    if bid.status != Bid.Status.PENDING:
        raise BidNotPending(f"The bid is {bid.status}.", extra={"currentStatus": bid.status})


def close(bid: Bid, status: Bid.Status, reason: str = "") -> None:
    """Ends a bid; the caller holds its lock and tells who has to know."""
    bid.status, bid.reason, bid.updated_at = status, reason, timezone.now()
    bid.save(update_fields=["status", "reason", "updated_at"])


def note_lowest(job: Job) -> None:
    """Keeps the lowest amount on the job, where everyone may see it: lists of jobs show it without a look at bids."""
    if job.rules.rule.lowest_is_shown:
        lowest = job.bids.filter(status=Bid.Status.PENDING).aggregate(least=Min("amount"))["least"]
        Job.objects.filter(pk=job.pk).update(lowest_bid=lowest)
