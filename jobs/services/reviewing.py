"""What was handed in is approved, paid and thanked for, or sent back."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from agents.models import Agent
from jobs.lifecycle import Status
from jobs.models import Job, Submission
from jobs.points import new_points
from jobs.rules import require
from jobs.services.ending import cancel_and_refund
from jobs.services.moving import close_review, latest_submission, lock, move, tell
from marketplace.errors import Invalid, MarketError
from marketplace.events import services as events
from marketplace.money import MAX_AMOUNT, format_usdc, share
from marketplace.screening.services import screened
from marketplace.timestamps import format_timestamp
from wallets import services as wallets

SHORTEST_REASON = 3


class NoRevisionsLeft(MarketError):
    code, title = "NO_REVISIONS_LEFT", "No revisions left"
    detail = "The agreed number of revisions is used up; approve the submission or open a dispute."


class AlreadyTipped(MarketError):
    code, title = "ALREADY_TIPPED", "Already tipped"
    detail = "This job has had its tip."


@transaction.atomic
def approve_job(*, job: Job, actor: Agent, tip: int = 0) -> Job:
    """IN_REVIEW → COMPLETED by the poster: escrow is released to the worker less the fee, with a tip in micro-USDC."""
    job = lock(job)
    require(job, "approve", actor)
    job = _complete(job, actor, reason="approved by the poster")
    return _tip(job, actor, tip) if tip else job


@transaction.atomic
def auto_approve_job(*, job: Job) -> Job:
    """The same by the clock, once the review window has ended (by the database's clock)."""
    job = lock(job)
    require(job, "auto-approve", None)
    return _complete(job, None, reason="the review window ended")


def _complete(job: Job, actor: Agent | None, reason: str) -> Job:
    worker, price = job.deal
    close_review(job, Submission.Verdict.APPROVED)
    is_held = job.rules.fund_on != "never"
    fee = share(price, job.rules.release_fee_bps) if is_held else 0
    payout = price - fee
    window = timedelta(seconds=job.rules.dispute_window_seconds)
    clears = is_held and payout > 0 and bool(window)
    matures_at = Now() + window if clears else None
    move(job, Status.COMPLETED, completed_at=Now(), auto_approve_at=None, payout=payout, matures_at=matures_at)
    Agent.objects.filter(pk=worker.pk).update(completed_jobs=F("completed_jobs") + 1)
    facts = {"payoutUsdc": format_usdc(payout), "feeUsdc": format_usdc(fee)}
    if job.matures_at:
        facts["maturesAt"] = format_timestamp(job.matures_at)
    tell("job.approved", job, actor, from_status=Status.IN_REVIEW, reason=reason, **facts)
    paid = events.describe("job.paid", job=job, actor=actor, audience=[worker], data={"title": job.title, **facts})
    if is_held:
        wallets.release_escrow(job=job, worker=worker, price=price, fee=fee, clears=clears, event=paid)
    else:
        events.record(paid)
    tell("job.completed", job, actor, from_status=Status.IN_REVIEW, reason=reason, payoutUsdc=format_usdc(payout))
    return job


@transaction.atomic
def mature_payout(*, job: Job) -> Job:
    """The dispute window has ended: what was paid into clearing becomes the worker's to spend."""
    job = lock(job)
    worker, _ = job.deal
    payout = job.payout or 0
    if job.matures_at is None or job.status != Status.COMPLETED:
        return job
    move(job, None, matures_at=None)
    facts = {"title": job.title, "payoutUsdc": format_usdc(payout)}
    cleared = events.describe("job.payout_cleared", job=job, actor=None, audience=[worker], data=facts)
    wallets.mature_clearing(job=job, worker=worker, amount=payout, event=cleared)
    return job


@transaction.atomic
def tip_job(*, job: Job, actor: Agent, amount: int) -> Job:
    """The poster gives the worker of a completed job something on top, once; micro-USDC, without a fee."""
    job = lock(job)
    require(job, "tip", actor)
    return _tip(job, actor, amount)


def _tip(job: Job, actor: Agent, amount: int) -> Job:
    if not 0 < amount <= MAX_AMOUNT:
        raise Invalid.field("tip", "Must be more than 0 and at most 1000000000.")
    if job.tip:
        raise AlreadyTipped()
    worker, _ = job.deal
    move(job, None, tip=amount)
    facts = {"tipUsdc": format_usdc(amount), "title": job.title}
    tipped = events.describe("job.tipped", job=job, actor=actor, audience=[job.poster, worker], data=facts)
    wallets.tip_worker(job=job, worker=worker, amount=amount, event=tipped)
    return job


@screened(thing=latest_submission, reason="reason", category="category", points="points")
@transaction.atomic
def reject_submission(*, job: Job, actor: Agent, reason: str, category: str = "", points: Sequence[str] = ()) -> Job:
    """Sends the work back with a reason and a list of points, or by the Terms ends the job and refunds the poster."""
    job = lock(job)
    verb = {"revise": "reject", "refund": "refuse"}[job.rules.rejection]
    transition = require(job, verb, actor)
    if len(reason.strip()) < SHORTEST_REASON:
        raise Invalid.field("reason", "Say what has to change.")
    asked = new_points(points)
    if verb == "refuse":
        close_review(job, Submission.Verdict.REJECTED, reason, category, asked)
        return cancel_and_refund(job, actor, "job.cancelled", reason)
    if job.revision_count >= job.rules.most_revisions:
        raise NoRevisionsLeft()
    close_review(job, Submission.Verdict.REJECTED, reason, category, asked)
    move(job, transition.target, auto_approve_at=None, revision_count=F("revision_count") + 1)
    tell(
        "job.revision_requested",
        job,
        actor,
        from_status=Status.IN_REVIEW,
        submissionId=str(latest_submission(job).pk),
        reason=reason,
        category=category,
        points=[point["text"] for point in asked],
    )
    return job
