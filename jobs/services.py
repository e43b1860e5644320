"""The verbs of a job: each locks it, checks the table, changes it, moves money and says what happened."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.dispatch import Signal
from django.utils import timezone

from agents.blocks.queries import is_blocked
from agents.files.services import attach
from agents.halts.models import Activity
from agents.halts.queries import clocks_stand
from agents.halts.rules import require_not_halted
from agents.models import Agent
from agents.rules import require_not_suspended, same_hand
from agents.skills import tidy_skills
from jobs import schemas
from jobs.agreements.models import EarlyEnd
from jobs.lifecycle import Status
from jobs.models import Job, JobTemplate, Submission
from jobs.points import new_points, tick_points
from jobs.proofs import judge, says_nothing
from jobs.qualification import MOST_SKILLS
from jobs.questions.queries import questions_of
from jobs.questions.services import ask, tidy_questions
from jobs.rules import WrongStatus, require
from jobs.terms import Terms
from marketplace.api.problems import camel_case
from marketplace.errors import Invalid, MarketError
from marketplace.events import services as events
from marketplace.events.services import NewEvent
from marketplace.money import MAX_AMOUNT, format_usdc, share
from marketplace.screening.services import screened
from marketplace.timestamps import format_timestamp
from wallets import services as wallets
from wallets.budgets.services import payer_for
from wallets.models import Transfer

# Sent with `job` and `actor`, in the transaction, when a job stops being open: whoever keeps something that hangs on
# an open job (bids) puts it in order.
job_left_open = Signal()
# Sent with `job` and `how` (cancelled, expired, declined) in the transaction, when a job ends before its work began.
job_called_off = Signal()
# Sent with `job`, in the transaction, whenever a job with a worker changes its status, but when work begins: what its
# sides were about to agree on was about another state of things, and lapses.
job_moved_on = Signal()
# Sent with `job`, in the transaction, when an open job is changed: receivers name the agents who count on it.
job_counted_on = Signal()

REQUIREMENTS = frozenset({"skills", "minimum_reputation", "minimum_completed_jobs", "questions"})
CONTENT = frozenset({"title", "description", "input_data", "attachments"})
EDITABLE = frozenset({"budget", "vertical", "deadline_at"}) | CONTENT | REQUIREMENTS
SHORTEST_REASON = 3


class NoRevisionsLeft(MarketError):
    code, title = "NO_REVISIONS_LEFT", "No revisions left"
    detail = "The agreed number of revisions is used up; approve the submission or open a dispute."


class DeadlinePassed(MarketError):
    code, title = "DEADLINE_PASSED", "Deadline passed"
    detail = "The deadline of this job has passed; it is about to be cancelled."


class AlreadyHandedIn(WrongStatus):
    code, title = "ALREADY_HANDED_IN", "Work was handed in"
    detail = "A job is given back before anything was handed in. Propose to the poster to end it, or open a dispute."


class DisputeWindowOver(WrongStatus):
    code, title = "DISPUTE_WINDOW_OVER", "Dispute window over"
    detail = "Completed work can be disputed only inside the dispute window of the Terms, while its payout clears."


class AlreadyTipped(MarketError):
    code, title = "ALREADY_TIPPED", "Already tipped"
    detail = "This job has had its tip."


def require_in_time(job: Job) -> None:
    """Raises DeadlinePassed when an open job's deadline has passed by the database's clock, swept or not."""
    if not Job.objects.filter(pk=job.pk, deadline_at__gt=Now()).exists() and not clocks_stand():
        raise DeadlinePassed()


def lock(job: Job) -> Job:
    """The job as it is now, its row locked until the transaction ends. Always the first lock that a verb takes."""
    return (
        Job.objects.select_for_update(of=("self",), no_key=True)
        .select_related("poster__user", "poster__owner", "worker__user", "worker__owner", "invited", "template")
        .get(pk=job.pk)
    )


@screened(
    title="title",
    description="description",
    input_data="inputData",
    vertical="vertical",
    skills="skills",
    questions="questions",
)
@transaction.atomic
def create_job(
    *,
    actor: Agent,
    publish: bool = True,
    attachments: Sequence[UUID] = (),
    questions: Sequence[str] = (),
    **words: Any,
) -> Job:
    """A job of those words (see `plan_job`) with those files and questions to bidders; published at once unless it is
    to stay a draft.

    Raises Invalid naming the field; InsufficientFunds if the Terms fund on publish.
    """
    job = plan_job(actor=actor, **words)
    job.save()
    attach(thing=job, ids=attachments, actor=actor)
    if questions:
        ask(job=job, questions=questions)
    return publish_job(job=job, actor=actor) if publish else job


def plan_job(
    *,
    actor: Agent,
    title: str,
    description: str,
    budget: int,
    template: JobTemplate | None = None,
    input_data: Mapping[str, Any] | None = None,
    vertical: str = "",
    deadline_at: datetime | None = None,
    terms: Terms | None = None,
    skills: Iterable[str] = (),
    minimum_reputation: float | None = None,
    minimum_completed_jobs: int = 0,
    invited: Agent | None = None,
    poster: Agent | None = None,
) -> Job:
    """The job of the actor, or of `poster` for whom the actor acts, as it would be created: checked, and not saved.

    `budget` is micro-USDC. An `invited` agent is offered the job, and nobody else learns of it. Raises Invalid naming
    the field.
    """
    require_not_suspended(actor)
    poster = poster or actor
    job = Job(
        poster=poster,
        payer=payer_for(poster),
        template=template,
        title=title,
        description=description,
        budget=budget,
        vertical=vertical or (template.vertical if template else ""),
        input_data=dict(input_data or {}),
        output_schema=template.output_schema if template else {},
        deadline_at=deadline_at or timezone.now() + settings.DEFAULT_DEADLINE,
        terms=(terms or Terms.default()).dump(),
        skills=tidy_skills(skills),
        minimum_reputation=minimum_reputation,
        minimum_completed_jobs=minimum_completed_jobs,
        invited=invited,
    )
    _check(job)
    return job


@transaction.atomic
def publish_job(*, job: Job, actor: Agent) -> Job:
    """DRAFT → OPEN: others see it and may bid; a direct offer is seen by its agent alone. Raises Halted."""
    job = lock(job)
    transition = require(job, "publish", actor)
    require_not_halted(Activity.JOBS, job.poster)
    _check(job)
    window = job.rules.bidding_window_seconds
    ends_at = Now() + timedelta(seconds=window) if window else None
    _move(job, transition.target, published_at=Now(), bidding_ends_at=ends_at)
    posted = _event("job.posted", job, actor, from_status=Status.DRAFT)
    if job.rules.fund_on == "publish":
        wallets.hold_escrow(job=job, amount=job.budget, event=posted)
    else:
        events.record(posted)
    if job.invited is not None:
        _tell_invited(job, actor)
    return job


def _tell_invited(job: Job, actor: Agent) -> None:
    facts = {
        "title": job.title,
        "vertical": job.vertical,
        "budgetUsdc": format_usdc(job.budget),
        "deadlineAt": format_timestamp(job.deadline_at),
        "posterId": str(job.poster_id),
    }
    events.emit("job.offered", job=job, actor=actor, audience=[job.invited], data=facts)


@screened(
    title="title",
    description="description",
    input_data="inputData",
    vertical="vertical",
    skills="skills",
    questions="questions",
    rewrites=True,
)
@transaction.atomic
def update_job(*, job: Job, actor: Agent, **changes: Any) -> Job:
    """Changes a draft or an open job; pending bidders and an invited agent are told.

    With bids the amount on offer and what is asked of bidders stay: they counted on them. So does what is to be done
    where no answer of the poster lies between an agent's yes and the deal. Raises Invalid.
    """
    job = lock(job)
    require(job, "update", actor)
    unknown = changes.keys() - EDITABLE
    if unknown:
        raise Invalid.field(min(unknown), "Cannot be changed.")
    if "skills" in changes:
        changes["skills"] = tidy_skills(changes["skills"])
    if "questions" in changes:
        changes["questions"] = tidy_questions(changes["questions"])
    changes = {field: value for field, value in changes.items() if _differs(job, field, value)}
    if "budget" in changes and job.status == Status.OPEN and (job.bid_count or job.rules.fund_on == "publish"):
        raise Invalid.field("budgetUsdc", "Cannot be changed once the money is held or there are bids.")
    if job.bid_count and (asked := REQUIREMENTS & changes.keys()):
        raise Invalid.field(camel_case(min(asked)), "Cannot be changed once there are bids.")
    if _binds_at_once(job) and (content := CONTENT & changes.keys()):
        raise Invalid.field(camel_case(min(content)), "Cannot be changed any more: cancel the job and post it anew.")
    if "vertical" in changes and job.status == Status.OPEN and job.payer_id != job.poster_id:
        raise Invalid.field("vertical", "Cannot be changed: the owner's budget allows some categories only.")
    if not changes:
        return job
    if "attachments" in changes:
        attach(thing=job, ids=changes["attachments"], actor=actor)
    if "questions" in changes:
        ask(job=job, questions=changes["questions"])
    columns = changes.keys() - {"attachments", "questions"}
    for field in columns:
        setattr(job, field, changes[field])
    _check(job)
    job.updated_at = timezone.now()
    job.save(update_fields=[*columns, "updated_at"])
    facts = {"title": job.title, "changed": sorted(map(camel_case, changes))}
    events.emit("job.updated", job=job, actor=actor, audience=[job.poster, *_counting_on(job)], data=facts)
    return job


def _differs(job: Job, field: str, value: Any) -> bool:
    if field == "attachments":
        return [attachment.file_id for attachment in job.attachments.all()] != list(value)
    if field == "questions":
        return questions_of(job) != value
    return bool(getattr(job, field) != value)


def _binds_at_once(job: Job) -> bool:
    """Whether a yes to the job as it stands makes the deal: an invited agent's, or a bid that the clock may take."""
    return job.status == Status.OPEN and (job.invited is not None or (job.rules.auto_accept and job.bid_count > 0))


def _counting_on(job: Job) -> list[Agent]:
    """The agents who offered to do an open job, or are asked to."""
    if job.status != Status.OPEN:
        return []
    answers: list[tuple[Any, Any]] = job_counted_on.send(Job, job=job)
    named: list[Agent] = [agent for _, agents in answers for agent in agents]
    return [*named, job.invited] if job.invited else named


def _check(job: Job) -> None:
    """Raises Invalid naming what is wrong with a job that is written or published."""
    if job.deadline_at <= timezone.now():
        raise Invalid.field("deadlineAt", "Must be in the future.")
    if job.deadline_at > timezone.now() + settings.LONGEST_DEADLINE:
        raise Invalid.field("deadlineAt", f"Must be within {settings.LONGEST_DEADLINE.days} days.")
    if not 0 < job.budget <= MAX_AMOUNT:
        raise Invalid.field("budget", "Must be more than 0 and at most 1000000000.")
    _check_bidding(job)
    if job.template is not None:
        if not job.template.is_active and job._state.adding:
            raise Invalid.field("templateId", "This template is no longer offered.")
        schemas.require_valid(job.input_data, job.template.input_schema, "inputData")


def _check_bidding(job: Job) -> None:
    window = job.rules.bidding_window_seconds
    ends_at = job.bidding_ends_at or (timezone.now() + timedelta(seconds=window) if window else None)
    if ends_at is not None and ends_at >= job.deadline_at:
        field = "deadlineAt" if job.bidding_ends_at else "terms.biddingWindowSeconds"
        raise Invalid.field(field, "Bidding must end before the deadline; the time between them is for choosing.")
    if job.minimum_reputation is not None and not 0 <= job.minimum_reputation <= 1:
        raise Invalid.field("minimumReputation", "Must be between 0 and 1.")
    if len(job.skills) > MOST_SKILLS:
        raise Invalid.field("skills", f"Name at most {MOST_SKILLS} skills.")
    if (job.invited is None) == (job.rules.bidding == "direct"):
        says = "Name the agent that a direct offer is for." if job.invited is None else "Is for direct offers alone."
        raise Invalid.field("invitedAgentId", says)
    if job.invited is not None and same_hand(job.invited, job.poster):
        raise Invalid.field("invitedAgentId", "A job cannot be offered to an agent of its own owner.")
    if job.invited is not None and is_blocked(job.poster, job.invited):
        raise Invalid.field("invitedAgentId", "Takes no offers from you.")


@transaction.atomic
def assign_job(
    *,
    job: Job,
    worker: Agent,
    price: int,
    actor: Agent | None,
    verb: str = "assign",
    promised_at: datetime | Combinable | None = None,
) -> Job:
    """OPEN → ASSIGNED at the agreed micro-USDC, which is now in escrow. Raises InsufficientFunds.

    `promised_at` is when the worker said that it would hand in; None for one that was not asked.
    `verb` says by whose decision: the poster's, the clock's (`award`) or the invited agent's (`accept-offer`). The
    clock may be late: it chooses among bids that came in time.
    """
    job = lock(job)
    transition = require(job, verb, actor)
    if verb != "award":
        require_in_time(job)
    held = job.budget if job.rules.fund_on == "publish" else 0
    _move(job, transition.target, worker=worker, price=price, assigned_at=Now(), promised_at=promised_at)
    assigned = _event("job.assigned", job, actor, from_status=Status.OPEN, amountUsdc=format_usdc(price))
    if job.rules.fund_on == "assign":
        wallets.hold_escrow(job=job, amount=price, event=assigned)
    elif held and held != price:
        wallets.trim_escrow(job=job, held=held, price=price, event=assigned)
    else:
        events.record(assigned)
    job_left_open.send(Job, job=job, actor=actor)
    return job


@screened(reason="reason")
@transaction.atomic
def decline_job(*, job: Job, actor: Agent, reason: str = "") -> Job:
    """OPEN → CANCELLED by the invited agent of a direct offer; a full refund."""
    job = lock(job)
    require(job, "decline", actor)
    return _cancel(job, actor, "job.declined", reason)


@transaction.atomic
def start_job(*, job: Job, actor: Agent) -> Job:
    """ASSIGNED → IN_PROGRESS: the worker has begun."""
    job = lock(job)
    transition = require(job, "start", actor)
    _move(job, transition.target, started_at=Now())
    _tell("job.started", job, actor, from_status=Status.ASSIGNED)
    return job


@screened(note="note")
@transaction.atomic
def report_progress(*, job: Job, actor: Agent, percent: int, note: str = "") -> Job:
    """The worker says how far the work is, 0 to 100 per cent."""
    job = lock(job)
    transition = require(job, "progress", actor)
    if not 0 <= percent <= 100:
        raise Invalid.field("percent", "Must be between 0 and 100.")
    _move(job, transition.target, progress_percent=percent)
    facts = {"title": job.title, "percent": percent, "note": note}
    events.emit("job.progress", job=job, actor=actor, audience=[job.poster], data=facts)
    return job


@transaction.atomic
def note_silence(*, job: Job) -> Job:
    """The clock: the worker's heartbeats have stopped. The job is flagged and both sides are told."""
    job = lock(job)
    worker, _ = job.deal
    heard = max(filter(None, [worker.last_heartbeat_at, job.updated_at]))
    Job.objects.filter(pk=job.pk).update(heartbeat_missed_at=Now())
    job.refresh_from_db(fields=["heartbeat_missed_at"])
    assert job.heartbeat_missed_at is not None
    facts = {
        "title": job.title,
        "status": job.status,
        "agentId": worker.handle,
        "lastHeartbeatAt": format_timestamp(worker.last_heartbeat_at) if worker.last_heartbeat_at else None,
        "silentSeconds": int((job.heartbeat_missed_at - heard).total_seconds()),
    }
    events.emit("job.heartbeat_missed", job=job, actor=None, audience=[job.poster, worker], data=facts)
    return job


def latest_submission(job: Job) -> Submission:
    """What the worker handed in last."""
    return job.submissions.latest("number")


@screened(thing=latest_submission, output_data="outputData", proof_hash="proofHash")
@transaction.atomic
def submit_output(
    *,
    job: Job,
    actor: Agent,
    output_data: Mapping[str, Any],
    proof_hash: str = "",
    done_points: Collection[int] = (),
    files: Sequence[UUID] = (),
) -> Job:
    """IN_PROGRESS → IN_REVIEW: output that matches the schema of the template, and the review clock starts unless the
    proof contradicts what was handed in, or it was handed in for another job (`jobs.proofs`).

    `files` are ids of uploads; with some the output may be empty, if the schema lets it. `done_points` are numbers,
    from 1, of the points that the poster asked for last. Raises Invalid naming the field.
    """
    job = lock(job)
    transition = require(job, "submit", actor)
    if says_nothing(output_data) and not files:
        raise Invalid.field("outputData", "Must not be empty.")
    schemas.require_valid(output_data, job.output_schema, "outputData")
    tick_points(job, done_points)
    worker, _ = job.deal
    canonical = json.dumps(output_data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    submission = Submission.objects.create(
        job=job,
        worker=worker,
        number=job.submissions.count() + 1,
        output_data=output_data,
        content_hash=hashlib.sha256(canonical.encode()).hexdigest(),
        proof_hash=proof_hash,
    )
    handed_in = attach(thing=submission, ids=files, actor=actor, field="fileIds")
    proof = judge(submission, handed_in, len(canonical))
    if proof != submission.proof:
        submission.proof = proof
        submission.save(update_fields=["proof"])
    ends_at = None if submission.is_doubtful else Now() + timedelta(seconds=job.rules.review_window_seconds)
    clock = {"auto_approve_at": ends_at, "is_proof_doubted": submission.is_doubtful}
    _move(job, transition.target, submitted_at=Now(), progress_percent=100, **clock)
    _tell(
        "job.submitted",
        job,
        actor,
        from_status=Status.IN_PROGRESS,
        submissionId=str(submission.pk),
        contentHash=submission.content_hash,
        proof=proof.value,
        fileIds=[str(file.pk) for file in handed_in],
        donePoints=sorted(set(done_points)),
        autoApproveAt=format_timestamp(job.auto_approve_at) if job.auto_approve_at else None,
    )
    return job


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
    _review(job, Submission.Verdict.APPROVED)
    is_held = job.rules.fund_on != "never"
    fee = share(price, job.rules.release_fee_bps) if is_held else 0
    payout = price - fee
    window = timedelta(seconds=job.rules.dispute_window_seconds)
    clears = is_held and payout > 0 and bool(window)
    matures_at = Now() + window if clears else None
    _move(job, Status.COMPLETED, completed_at=Now(), auto_approve_at=None, payout=payout, matures_at=matures_at)
    Agent.objects.filter(pk=worker.pk).update(completed_jobs=F("completed_jobs") + 1)
    facts = {"payoutUsdc": format_usdc(payout), "feeUsdc": format_usdc(fee)}
    if job.matures_at:
        facts["maturesAt"] = format_timestamp(job.matures_at)
    _tell("job.approved", job, actor, from_status=Status.IN_REVIEW, reason=reason, **facts)
    paid = events.describe("job.paid", job=job, actor=actor, audience=[worker], data={"title": job.title, **facts})
    if is_held:
        wallets.release_escrow(job=job, worker=worker, price=price, fee=fee, clears=clears, event=paid)
    else:
        events.record(paid)
    _tell("job.completed", job, actor, from_status=Status.IN_REVIEW, reason=reason, payoutUsdc=format_usdc(payout))
    return job


@transaction.atomic
def mature_payout(*, job: Job) -> Job:
    """The dispute window has ended: what was paid into clearing becomes the worker's to spend."""
    job = lock(job)
    worker, _ = job.deal
    payout = job.payout or 0
    if job.matures_at is None or job.status != Status.COMPLETED:
        return job
    _move(job, None, matures_at=None)
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
    _move(job, None, tip=amount)
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
        _review(job, Submission.Verdict.REJECTED, reason, category, asked)
        return _cancel(job, actor, "job.cancelled", reason)
    if job.revision_count >= job.rules.most_revisions:
        raise NoRevisionsLeft()
    _review(job, Submission.Verdict.REJECTED, reason, category, asked)
    _move(job, transition.target, auto_approve_at=None, revision_count=F("revision_count") + 1)
    _tell(
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


@screened(reason="reason")
@transaction.atomic
def cancel_job(*, job: Job, actor: Agent, reason: str = "") -> Job:
    """The poster gives it up before work began; held money returns less the cancel fee of the Terms."""
    job = lock(job)
    require(job, "cancel", actor)
    return _cancel(job, actor, "job.cancelled", reason)


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
    held = _held(job)
    _move(job, transition.target, cancelled_at=Now())
    if held:
        wallets.refund_escrow(job=job, held=held, fee_bps=0)
    _tell("job.given_back", job, actor, from_status=before, reason=reason)
    _tell("job.cancelled", job, actor, from_status=before, reason=reason, how=EarlyEnd.How.GIVEN_BACK.value)
    return job


@transaction.atomic
def extend_job(*, job: Job, due_at: datetime) -> Job:
    """Both sides agreed that the work comes by then: it is late only after that."""
    job = lock(job)
    transition = require(job, "extend", None)
    if due_at <= (job.promised_at or job.deadline_at):
        raise Invalid.field("dueAt", "Must be later than what was agreed on since.")
    _move(job, transition.target, promised_at=due_at, deadline_at=max(job.deadline_at, due_at))
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
    _review(job, Submission.Verdict.REJECTED if to_poster == price else Submission.Verdict.APPROVED)
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
    _move(job, transition.target, cancelled_at=Now(), auto_approve_at=None, payout=payout)
    _tell("job.cancelled", job, actor, from_status=before, reason="", how=EarlyEnd.How.AGREED.value)
    return job


@transaction.atomic
def expire_job(*, job: Job) -> Job:
    """OPEN → CANCELLED by the clock when the deadline passed without a worker; a full refund."""
    job = lock(job)
    require(job, "expire", None)
    return _cancel(job, None, "job.expired", "the deadline passed")


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
    _move(job, transition.target, auto_approve_at=None)
    _tell("dispute.opened", job, actor, from_status=before, reason=reason, **facts)
    return job


def _is_clearing(job: Job) -> bool:
    """Whether its payout may still be disputed: not while it waits for the sweep alone, unless clocks stand."""
    return Job.objects.filter(pk=job.pk, matures_at__gt=Now()).exists() or (
        job.matures_at is not None and clocks_stand()
    )


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
    _move(job, transition.target, **clocks)
    _tell("dispute.closed", job, actor, also=mediator, from_status=Status.DISPUTED, reason=reason, **facts)
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
    _review(job, Submission.Verdict.REJECTED if refund else Submission.Verdict.APPROVED, note)
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
    _move(job, transition.target, payout=payout, refund=to_poster, matures_at=None, **ends)
    if refund == was_completed:
        Agent.objects.filter(pk=worker.pk).update(completed_jobs=F("completed_jobs") + (-1 if refund else 1))
    shares = {"refundUsdc": format_usdc(to_poster), "payoutUsdc": format_usdc(payout)}
    _tell("dispute.resolved", job, actor, also=mediator, from_status=Status.DISPUTED, reason=note, **shares, **facts)
    if refund:
        _tell("job.cancelled", job, actor, from_status=Status.DISPUTED, reason=note)
    elif not was_completed:
        _tell("job.completed", job, actor, from_status=Status.DISPUTED, reason=note, payoutUsdc=format_usdc(payout))
    return job


def _cancel(job: Job, actor: Agent | None, type: str, reason: str) -> Job:
    before = Status(job.status)
    held = _held(job)
    fee_bps = job.rules.cancel_fee_bps if type == "job.cancelled" and before != Status.IN_REVIEW else 0
    _move(job, Status.CANCELLED, cancelled_at=Now(), auto_approve_at=None)
    if held:
        wallets.refund_escrow(job=job, held=held, fee_bps=fee_bps)
    _tell(type, job, actor, from_status=before, reason=reason)
    if before == Status.OPEN:
        job_left_open.send(Job, job=job, actor=actor)
    if before in (Status.OPEN, Status.ASSIGNED):
        job_called_off.send(Job, job=job, how=type.removeprefix("job."))
    return job


def _held(job: Job) -> int:
    """Micro-USDC in escrow, as the status and the Terms say."""
    fund_on = job.rules.fund_on
    if fund_on == "publish" and job.status == Status.OPEN:
        return job.budget
    if fund_on != "never" and job.price is not None:
        return job.price
    return 0


def _review(
    job: Job, verdict: Submission.Verdict, reason: str = "", category: str = "", points: Sequence[Any] = ()
) -> None:
    job.submissions.filter(verdict=Submission.Verdict.PENDING).update(
        verdict=verdict, reason=reason, category=category, points=list(points), reviewed_at=Now()
    )


def _move(job: Job, target: Status | None, **changes: Any) -> None:
    """The only place that changes a job's status; None leaves it. Times are the database's."""
    before = Status(job.status)
    changes |= {"updated_at": Now()} | ({"status": target} if target else {})
    for field, value in changes.items():
        setattr(job, field, value)
    job.save(update_fields=list(changes))
    job.refresh_from_db(fields=[name for name, value in changes.items() if hasattr(value, "resolve_expression")])
    is_begun = target == Status.ASSIGNED or (before == Status.ASSIGNED and target == Status.IN_PROGRESS)
    if job.worker_id is not None and target is not None and not is_begun:
        job_moved_on.send(Job, job=job)


def _tell(type: str, job: Job, actor: Agent | None, *, from_status: Status, **data: Any) -> None:
    events.record(_event(type, job, actor, from_status=from_status, **data))


def _event(
    type: str, job: Job, actor: Agent | None, *, from_status: Status, also: Agent | None = None, **data: Any
) -> NewEvent:
    """The event of a transition, told to both sides and whoever else has a part in it."""
    facts = {"title": job.title, "budgetUsdc": format_usdc(job.budget), "posterId": str(job.poster_id)}
    if job.worker is not None:
        facts["agentId"] = job.worker.handle
    moved = {"from": from_status.value, "to": str(Status(job.status).value), "status": str(Status(job.status).value)}
    told = [job.poster, job.worker, also]
    return events.describe(type, job=job, actor=actor, audience=told, data={**facts, **moved, **data})
