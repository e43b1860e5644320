"""The verbs of a dispute itself. Each locks the job first, like every other verb on it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.dispatch import Signal

from agents.models import Agent
from agents.rules import same_hand
from disputes import evidence as showing
from disputes import telling
from disputes.models import Category, Dispute, Offer, Ruling, Side
from disputes.phases import NEXT_PHASE, Phase
from disputes.queries import next_mediator, opened_today, with_people
from disputes.rows import change, lock_dispute, put_offer, require_share, require_text
from disputes.rules import NoOpenDispute, has_hand_in, is_arbiter, is_operating, require, require_free
from jobs.models import Job
from jobs.rules import is_poster
from jobs.services import freeze_job, lock, resume_job, settle_job
from marketplace.errors import Invalid, MarketError
from marketplace.identifiers import uuid7
from marketplace.money import format_usdc
from marketplace.screening.services import screened
from marketplace.timestamps import format_timestamp

# Sent with `dispute`, `actor` and `mediator`, in the transaction.
mediator_named = Signal()
# Sent with `dispute` and `actor`, in the transaction.
phase_extended = Signal()


class TooManyDisputes(MarketError):
    status, code, title = 429, "TOO_MANY_DISPUTES", "Too many disputes"


class AlreadyAnswered(MarketError):
    code, title = "ALREADY_ANSWERED", "Already answered"
    detail = "Your side has answered; add evidence or make an offer."


class AlreadyExtended(MarketError):
    code, title = "ALREADY_EXTENDED", "Already made longer"
    detail = "A phase of this dispute was made longer before; once is all there is."


class AlreadyRuled(MarketError):
    code, title = "ALREADY_RULED", "Already ruled on"
    detail = "You have ruled so; a sum as large waits until another operator rules the same."


@screened(refuses=False, reason="reason", evidence="evidence")
@transaction.atomic
def open_dispute(
    *,
    job: Job,
    actor: Agent,
    reason: str,
    category: str = Category.OTHER,
    asked_to_poster: int | None = None,
    evidence: Sequence[Mapping[str, Any]] = (),
) -> Dispute:
    """Either party says what is wrong and what it asks for; the job's money is frozen, and they negotiate.

    `asked_to_poster` is micro-USDC that the poster should have back; it stands as the opener's offer, which the other
    side may accept at once. Raises Invalid naming the field, TooManyDisputes.
    """
    require_text("reason", reason, "Say what is wrong.")
    job = lock(job)
    ends_at = job.matures_at if job.completed_at else job.auto_approve_at
    pk, offer = uuid7(), uuid7()
    facts = {"disputeId": str(pk), "category": Category(category).value}
    if asked_to_poster is not None:
        facts |= {"offerId": str(offer), "posterUsdc": format_usdc(asked_to_poster)}
    job = freeze_job(job=job, actor=actor, reason=reason, **facts)
    require_share(job, asked_to_poster)
    side = Side.POSTER if is_poster(actor, job) else Side.WORKER
    _require_within_limits(job, actor, side)
    dispute = Dispute(
        id=pk,
        job=job,
        opened_by=actor,
        side=side,
        category=category,
        reason=reason,
        asked_to_poster=asked_to_poster,
        # The job was changed a moment ago, by the database's clock.
        clock_left=max(ends_at - job.updated_at, timedelta()) if ends_at else None,
        phase_ends_at=Now() + _lasts(job, Phase.NEGOTIATION),
    )
    dispute.save(force_insert=True)
    dispute.refresh_from_db(fields=["created_at", "phase_ends_at"])
    if asked_to_poster is not None:
        put_offer(dispute, actor, side, asked_to_poster, pk=offer)
    for shown in evidence:
        showing.record(dispute, actor, **shown)
    return dispute


def _require_within_limits(job: Job, actor: Agent, side: Side) -> None:
    """Raises TooManyDisputes (SURVIVE M7): opening and closing them again would keep the clocks from running."""
    if job.disputes.filter(side=side).count() >= settings.DISPUTES_PER_SIDE:
        raise TooManyDisputes(f"Your side has opened {settings.DISPUTES_PER_SIDE} disputes about this job already.")
    if opened_today(actor) >= settings.DISPUTES_PER_DAY:
        raise TooManyDisputes(
            f"You and your agents have opened {settings.DISPUTES_PER_DAY} disputes within a day; wait until tomorrow."
        )


def _lasts(job: Job, phase: Phase) -> timedelta:
    return timedelta(seconds=getattr(job.rules, f"{phase.lower()}_window_seconds"))


@screened(refuses=False, statement="statement")
@transaction.atomic
def respond(*, dispute: Dispute, actor: Agent, statement: str) -> Dispute:
    """The other side answers, once. Raises Invalid naming `statement`, AlreadyAnswered."""
    dispute = lock_dispute(dispute)
    require(dispute, "respond", actor)
    require_text("statement", statement, "Say how you see it.")
    if dispute.responded_at is not None:
        raise AlreadyAnswered()
    change(dispute, response=statement, responded_at=Now())
    telling.tell("dispute.responded", dispute, actor, statement=statement)
    return dispute


@transaction.atomic
def escalate(*, dispute: Dispute, actor: Agent) -> Dispute:
    """A party takes it to the next phase: mediation, then arbitration."""
    dispute = lock_dispute(dispute)
    require(dispute, "escalate", actor)
    return _go_on(dispute, actor)


@transaction.atomic
def escalate_by_clock(*, job: Job) -> Dispute:
    """The same when the phase has lasted as long as the Terms say (by the database's clock)."""
    job = lock(job)
    dispute: Dispute = with_people(job.disputes.filter(status=Dispute.Status.OPEN)).get()
    dispute.job = job
    return _go_on(dispute, None)


def _go_on(dispute: Dispute, actor: Agent | None) -> Dispute:
    phase = NEXT_PHASE[Phase(dispute.phase)]
    mediator = dispute.mediator or next_mediator(dispute.job)
    change(dispute, phase=phase, phase_ends_at=Now() + _lasts(dispute.job, phase), mediator=mediator)
    telling.tell_of_phase(dispute, actor)
    return dispute


@transaction.atomic
def extend_phase(*, dispute: Dispute, actor: Agent) -> Dispute:
    """The mediator or an operator lets the phase last as long again, once in a dispute. Raises AlreadyExtended."""
    dispute = lock_dispute(dispute)
    require(dispute, "extend", actor)
    require_free(dispute, actor)
    if dispute.extended_at is not None:
        raise AlreadyExtended()
    lasts = _lasts(dispute.job, Phase(dispute.phase))
    change(dispute, phase_ends_at=F("phase_ends_at") + lasts, extended_at=Now())
    assert dispute.phase_ends_at is not None
    phase_extended.send(Dispute, dispute=dispute, actor=actor)
    telling.tell("dispute.extended", dispute, actor, phaseEndsAt=format_timestamp(dispute.phase_ends_at))
    return dispute


@transaction.atomic
def assign_mediator(*, dispute: Dispute, actor: Agent, mediator: Agent) -> Dispute:
    """An operator gives it to another mediator, or takes it. Raises Invalid naming `mediatorId`, and what those raise
    who keep the operators' cases."""
    dispute = lock_dispute(dispute)
    require(dispute, "assign-mediator", actor)
    require_free(dispute, actor)
    if has_hand_in(mediator, dispute.job):
        raise Invalid.field("mediatorId", f"{mediator.name} has a hand in this deal and cannot mediate.")
    appointed = getattr(mediator, "mediator", None)
    if not is_operating(mediator, dispute) and not (appointed and appointed.is_active):
        raise Invalid.field("mediatorId", f"{mediator.name} is no operator and was not appointed as a mediator.")
    change(dispute, mediator=mediator)
    telling.tell("dispute.mediator_assigned", dispute, actor, mediatorId=mediator.handle)
    mediator_named.send(Dispute, dispute=dispute, actor=actor, mediator=mediator)
    return dispute


@screened(refuses=False, reason="note")
@transaction.atomic
def close_dispute(*, dispute: Dispute, actor: Agent, reason: str = "") -> Dispute:
    """The side that opened it gives it up: the job goes back to where it was, with the clock that it stopped."""
    dispute = lock_dispute(dispute)
    require(dispute, "close", actor)
    _end(dispute, Dispute.Status.CLOSED, note=reason, resolved_by=actor)
    dispute.job = resume_job(
        job=dispute.job,
        actor=actor,
        left=dispute.clock_left,
        reason=reason,
        mediator=dispute.mediator,
        disputeId=str(dispute.pk),
    )
    return dispute


@screened(refuses=False, note="note")
@transaction.atomic
def resolve_dispute(*, dispute: Dispute, actor: Agent, to_poster: int, note: str, ground: str = "") -> Dispute:
    """A ruling: `to_poster` micro-USDC go back, the worker gets the rest less the fee of the Terms.

    By an operator who is no party or, in arbitration, by the mediator. Above `RULING_ALONE_UP_TO` it waits until
    somebody else rules the same. Raises Invalid naming the field, NoOpenDispute, AlreadyRuled.
    """
    require_text("note", note, "Say why; both sides read it.")
    dispute = lock_dispute(dispute)
    require(dispute, "resolve", actor)
    require_free(dispute, actor)
    require_share(dispute.job, to_poster)
    earlier = list(dispute.rulings.select_related("made_by__user", "made_by__owner"))
    needs_two = dispute.frozen > settings.RULING_ALONE_UP_TO
    if needs_two and any(_is_same(ruling, actor, to_poster) for ruling in earlier):
        raise AlreadyRuled()
    Ruling.objects.create(dispute=dispute, made_by=actor, to_poster=to_poster, note=note, ground=ground)
    confirmed = any(_confirms(ruling, dispute, actor, to_poster) for ruling in earlier)
    if not needs_two or confirmed:
        settle(dispute, actor, to_poster=to_poster, note=note, ground=ground, how=Dispute.Resolution.RULING)
    return dispute


def _is_same(ruling: Ruling, actor: Agent, to_poster: int) -> bool:
    return ruling.to_poster == to_poster and _by_hand_of(ruling, actor)


def _confirms(ruling: Ruling, dispute: Dispute, actor: Agent, to_poster: int) -> bool:
    """Whether another ruled the same who still could: no side has taken them over, and nobody has replaced them."""
    if ruling.to_poster != to_poster or _by_hand_of(ruling, actor):
        return False
    return is_arbiter(ruling.made_by, dispute) and ruling.made_by.status != Agent.Status.SUSPENDED


def _by_hand_of(ruling: Ruling, actor: Agent) -> bool:
    return same_hand(ruling.made_by, actor)


def settle(
    dispute: Dispute, actor: Agent, *, to_poster: int, note: str, how: Dispute.Resolution, ground: str = ""
) -> None:
    """Divides the money, once, and ends the dispute; the caller holds the lock and knows that it may."""
    ended = {"to_poster": to_poster, "resolution": how, "note": note, "ground": ground, "resolved_by": actor}
    _end(dispute, Dispute.Status.RESOLVED, **ended)
    dispute.job = settle_job(
        job=dispute.job,
        actor=actor,
        to_poster=to_poster,
        note=note,
        mediator=dispute.mediator,
        verb="resolve" if is_operating(actor, dispute) else "settle",
        disputeId=str(dispute.pk),
        resolution=how.value,
    )


def _end(dispute: Dispute, status: Dispute.Status, **how: Any) -> None:
    if not dispute.is_open:
        raise NoOpenDispute()
    pending = dispute.offers.filter(status=Offer.Status.PENDING)
    pending.update(status=Offer.Status.LAPSED, answered_at=Now())
    change(dispute, status=status, phase=Phase.CLOSED, phase_ends_at=None, resolved_at=Now(), **how)
