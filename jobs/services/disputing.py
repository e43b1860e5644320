"""A dispute stops a job, lets it go on or ends it; `disputes` decides which."""

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from agents.halts.queries import is_held_off
from agents.models import Agent
from jobs.lifecycle import Status
from jobs.models import Job, Submission
from jobs.rules import WrongStatus, require
from jobs.services.moving import close_review, lock, move, tell
from marketplace.database import database_now
from marketplace.errors import Invalid
from marketplace.money import format_usdc
from wallets import services as wallets


class DisputeWindowOver(WrongStatus):
    code, title = "DISPUTE_WINDOW_OVER", "Dispute window over"
    detail = "Completed work can be disputed only inside the dispute window of the Terms, while its payout clears."


@transaction.atomic
def freeze_job(*, job: Job, actor: Agent, reason: str, **facts: str) -> Job:
    """IN_PROGRESS, IN_REVIEW or freshly COMPLETED → DISPUTED: the money stays where it is and the clocks stop.

    Raises DisputeWindowOver for completed work whose payout has cleared by the database's clock, swept or not.
    """
    job = lock(job)
    before = Status(job.status)
    transition = require(job, "dispute", actor)
    if before == Status.COMPLETED and not _is_clearing(job):
        raise DisputeWindowOver()
    move(job, transition.target, auto_approve_at=None)
    tell("dispute.opened", job, actor, from_status=before, reason=reason, **facts)
    return job


def _is_clearing(job: Job) -> bool:
    """Whether its payout may still be disputed: not while it waits for the sweep alone, unless clocks stand."""
    ends_at = job.matures_at
    return ends_at is not None and (ends_at > database_now() or is_held_off(ends_at))


@transaction.atomic
def resume_job(
    *, job: Job, actor: Agent, left: timedelta | None, reason: str, mediator: Agent | None = None, **facts: str
) -> Job:
    """DISPUTED → where it was: the dispute was closed, and the clock that it stopped has as long to run as `left`.

    The mediator is told, too.
    """
    job = lock(job)
    verb, clock = _resumes_with(job)
    transition = require(job, verb, None)
    clocks = {clock: Now() + (left or timedelta())} if clock else {}
    move(job, transition.target, **clocks)
    tell("dispute.closed", job, actor, also=mediator, from_status=Status.DISPUTED, reason=reason, **facts)
    return job


def _resumes_with(job: Job) -> tuple[str, str]:
    """The verb that puts a disputed job back, and the name of the clock that goes on."""
    if job.completed_at is not None:
        return "stay-completed", "matures_at"
    if job.submissions.filter(verdict=Submission.Verdict.PENDING).exists():
        return "resume-review", "" if job.is_proof_doubted else "auto_approve_at"
    return "resume-work", ""


@transaction.atomic
def settle_job(
    *,
    job: Job,
    actor: Agent,
    to_poster: int,
    note: str,
    mediator: Agent | None = None,
    verb: str = "resolve",
    **facts: str,
) -> Job:
    """DISPUTED → CANCELLED if the poster gets all of the price back, else COMPLETED with the worker's part paid.

    `to_poster` is micro-USDC. The fee is taken from the worker's part, by the Terms. `verb` says by whose decision: an
    operator's (`resolve`), or that of the dispute's own rules (`settle`). The mediator is told, too. Raises Invalid.
    """
    job = lock(job)
    refund = to_poster == job.price
    transition = require(job, f"{verb}-{'refund' if refund else 'pay'}", actor if verb == "resolve" else None)
    worker, price = job.deal
    if not 0 <= to_poster <= price:
        raise Invalid.field("toPoster", f"Must be between 0 and the price of {format_usdc(price)}.")
    close_review(job, Submission.Verdict.REJECTED if refund else Submission.Verdict.APPROVED, note)
    was_completed = job.completed_at is not None
    payout = 0
    if job.rules.fund_on != "never":
        payout = wallets.split_escrow(
            job=job,
            worker=worker,
            price=price,
            clearing=job.payout or 0 if was_completed else None,
            to_poster=to_poster,
            fee_bps=job.rules.settlement_fee_bps,
        )
    ends = {"cancelled_at": Now(), "completed_at": None} if refund else {"completed_at": job.completed_at or Now()}
    move(job, transition.target, payout=payout, refund=to_poster, matures_at=None, **ends)
    if refund == was_completed:
        Agent.objects.filter(pk=worker.pk).update(completed_jobs=F("completed_jobs") + (-1 if refund else 1))
    shares = {"refundUsdc": format_usdc(to_poster), "payoutUsdc": format_usdc(payout)}
    tell("dispute.resolved", job, actor, also=mediator, from_status=Status.DISPUTED, reason=note, **shares, **facts)
    if refund:
        tell("job.cancelled", job, actor, from_status=Status.DISPUTED, reason=note)
    elif not was_completed:
        tell("job.completed", job, actor, from_status=Status.DISPUTED, reason=note, payoutUsdc=format_usdc(payout))
    return job
