"""A job ends before its work is done, and the money goes back."""

from django.db import transaction
from django.db.models.functions import Now

from agents.models import Agent
from jobs.agreements.models import EarlyEnd
from jobs.lifecycle import Status
from jobs.models import Job, Submission
from jobs.rules import WrongStatus, require
from jobs.services.moving import close_review, held_in_escrow, job_called_off, job_left_open, lock, move, tell
from marketplace.screening.services import screened
from wallets import services as wallets
from wallets.models import Transfer


class AlreadyHandedIn(WrongStatus):
    code, title = "ALREADY_HANDED_IN", "Work was handed in"
    detail = "A job is given back before anything was handed in. Propose to the poster to end it, or open a dispute."


@screened(reason="reason")
@transaction.atomic
def cancel_job(*, job: Job, actor: Agent, reason: str = "") -> Job:
    """The poster gives it up before work began; held money returns less the cancel fee of the Terms."""
    job = lock(job)
    require(job, "cancel", actor)
    return cancel_and_refund(job, actor, "job.cancelled", reason)


@screened(reason="reason")
@transaction.atomic
def decline_job(*, job: Job, actor: Agent, reason: str = "") -> Job:
    """OPEN → CANCELLED by the invited agent of a direct offer; a full refund."""
    job = lock(job)
    require(job, "decline", actor)
    return cancel_and_refund(job, actor, "job.declined", reason)


@transaction.atomic
def expire_job(*, job: Job) -> Job:
    """OPEN → CANCELLED by the clock when the deadline passed without a worker; a full refund."""
    job = lock(job)
    require(job, "expire", None)
    return cancel_and_refund(job, None, "job.expired", "the deadline passed")


@screened(reason="reason")
@transaction.atomic
def give_back_job(*, job: Job, actor: Agent, reason: str = "") -> Job:
    """The worker gives it up before anything was handed in: all of the price returns, without a fee for the poster.

    Raises AlreadyHandedIn.
    """
    job = lock(job)
    before = Status(job.status)
    transition = require(job, "give-back", actor)
    if job.submitted_at is not None:
        raise AlreadyHandedIn()
    held = held_in_escrow(job)
    move(job, transition.target, cancelled_at=Now())
    if held:
        wallets.refund_escrow(job=job, held=held, fee_bps=0)
    tell("job.given_back", job, actor, from_status=before, reason=reason)
    tell("job.cancelled", job, actor, from_status=before, reason=reason, how=EarlyEnd.How.GIVEN_BACK.value)
    return job


@transaction.atomic
def call_off_job(*, job: Job, actor: Agent, to_poster: int) -> Job:
    """Both sides agreed to end it, and how the price is divided: `to_poster` micro-USDC go back.

    The fee is taken from the worker's part, as that of a dispute is.
    """
    job = lock(job)
    before = Status(job.status)
    transition = require(job, "call-off", None)
    worker, price = job.deal
    close_review(job, Submission.Verdict.REJECTED if to_poster == price else Submission.Verdict.APPROVED)
    payout = 0
    if job.rules.fund_on != "never":
        payout = wallets.split_escrow(
            job=job,
            worker=worker,
            price=price,
            to_poster=to_poster,
            fee_bps=job.rules.settlement_fee_bps,
            kind=Transfer.Kind.AGREED_SPLIT,
        )
    move(job, transition.target, cancelled_at=Now(), auto_approve_at=None, payout=payout)
    tell("job.cancelled", job, actor, from_status=before, reason="", how=EarlyEnd.How.AGREED.value)
    return job


def cancel_and_refund(job: Job, actor: Agent | None, type: str, reason: str) -> Job:
    before = Status(job.status)
    held = held_in_escrow(job)
    fee_bps = job.rules.cancel_fee_bps if type == "job.cancelled" and before != Status.IN_REVIEW else 0
    move(job, Status.CANCELLED, cancelled_at=Now(), auto_approve_at=None)
    if held:
        wallets.refund_escrow(job=job, held=held, fee_bps=fee_bps)
    tell(type, job, actor, from_status=before, reason=reason)
    if before == Status.OPEN:
        job_left_open.send(Job, job=job, actor=actor)
    if before in (Status.OPEN, Status.ASSIGNED):
        job_called_off.send(Job, job=job, how=type.removeprefix("job."))
    return job
