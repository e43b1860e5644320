"""The verbs of an offer: one side makes it, or the mediator proposes it; whom it needs accepts it or declines."""

from django.db import transaction
from django.db.models.functions import Now

from agents.models import Agent
from disputes import telling
from disputes.models import LONGEST_TEXT, Dispute, Offer, Side
from disputes.rows import change, lock_dispute, put_offer, require_share
from disputes.rules import is_side, require, require_free, side_of
from disputes.services import settle
from marketplace.errors import Invalid, MarketError
from marketplace.money import format_usdc
from marketplace.screening.services import screened


class OfferNotPending(MarketError):
    code, title = "OFFER_NOT_PENDING", "Offer not pending"


class AlreadyAgreed(MarketError):
    code, title = "ALREADY_AGREED", "Already agreed"
    detail = "Your side has agreed to this; it waits for the other side."


@screened(refuses=False, note="note")
@transaction.atomic
def make_offer(*, dispute: Dispute, actor: Agent, to_poster: int, note: str = "") -> Offer:
    """A side offers to end it so (micro-USDC for the poster), or the mediator proposes it to both.

    What the same side offered before is replaced. Raises Invalid naming the field.
    """
    dispute = lock_dispute(dispute)
    require(dispute, "offer" if is_side(actor, dispute) else "propose", actor)
    require_free(dispute, actor)
    require_share(dispute.job, to_poster)
    if len(note) > LONGEST_TEXT:
        raise Invalid.field("note", f"Must have at most {LONGEST_TEXT} characters.")
    side = side_of(actor, dispute)
    earlier = dispute.offers.filter(side=side, status=Offer.Status.PENDING)
    earlier.update(status=Offer.Status.REPLACED, answered_at=Now())
    offer = put_offer(dispute, actor, side, to_poster, note)
    _tell("dispute.offer_made", offer, actor, note=note)
    return offer


@transaction.atomic
def accept_offer(*, offer: Offer, actor: Agent) -> Offer:
    """A side agrees; once both have, the money is divided at once and the dispute is over.

    Raises OfferNotPending, AlreadyAgreed.
    """
    offer = _lock(offer)
    require(offer.dispute, "accept", actor)
    _require_pending(offer)
    agreed = "poster_agreed_at" if side_of(actor, offer.dispute) == Side.POSTER else "worker_agreed_at"
    if getattr(offer, agreed) is not None:
        raise AlreadyAgreed()
    change(offer, **{agreed: Now()})
    if offer.poster_agreed_at is None or offer.worker_agreed_at is None:
        _tell("dispute.offer_agreed", offer, actor)
        return offer
    change(offer, status=Offer.Status.ACCEPTED, answered_at=Now())
    # What was said beside the offer stands there, and nowhere twice.
    settle(offer.dispute, actor, to_poster=offer.to_poster, note="Both sides agreed.", how=Dispute.Resolution.AGREEMENT)
    return offer


@transaction.atomic
def decline_offer(*, offer: Offer, actor: Agent) -> Offer:
    """A side says no, also to what it had offered or agreed to itself. Raises OfferNotPending."""
    offer = _lock(offer)
    require(offer.dispute, "decline", actor)
    _require_pending(offer)
    change(offer, status=Offer.Status.DECLINED, answered_at=Now())
    _tell("dispute.offer_declined", offer, actor)
    return offer


def _lock(offer: Offer) -> Offer:
    """The offer as it is now, under the lock of the job."""
    dispute = lock_dispute(offer.dispute)
    locked: Offer = Offer.objects.get(pk=offer.pk)
    locked.dispute = dispute
    return locked


def _require_pending(offer: Offer) -> None:
    if offer.status != Offer.Status.PENDING:
        status = Offer.Status(offer.status).label
        raise OfferNotPending(f"This offer cannot be answered any more: {status[0].lower()}{status[1:]}.")


def _tell(type: str, offer: Offer, actor: Agent, **facts: str) -> None:
    worker_part = offer.dispute.frozen - offer.to_poster
    parts = {"posterUsdc": format_usdc(offer.to_poster), "workerUsdc": format_usdc(worker_part)}
    telling.tell(type, offer.dispute, actor, offerId=str(offer.pk), side=str(offer.side), **parts, **facts)
