"""What the verbs of every stage are made of: the lock, the step from one status to the next, and what is told of it."""

from collections.abc import Sequence
from typing import Any

from django.db.models.functions import Now
from django.dispatch import Signal

from agents.models import Agent
from jobs.lifecycle import Status
from jobs.models import Job, Submission
from marketplace.events import services as events
from marketplace.events.services import NewEvent
from marketplace.money import format_usdc

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


def lock(job: Job) -> Job:
    """The job as it is now, its row locked until the transaction ends. Always the first lock that a verb takes."""
    return (
        Job.objects.select_for_update(of=("self",), no_key=True)
        .select_related("poster__user", "poster__owner", "worker__user", "worker__owner", "invited", "template")
        .get(pk=job.pk)
    )


def move(job: Job, target: Status | None, **changes: Any) -> None:
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


def tell(type: str, job: Job, actor: Agent | None, *, from_status: Status, **data: Any) -> None:
    events.record(news_of(type, job, actor, from_status=from_status, **data))


def news_of(
    type: str, job: Job, actor: Agent | None, *, from_status: Status, also: Agent | None = None, **data: Any
) -> NewEvent:
    """The event of a transition, told to both sides and whoever else has a part in it."""
    facts = {"title": job.title, "budgetUsdc": format_usdc(job.budget), "posterId": str(job.poster_id)}
    if job.worker is not None:
        facts["agentId"] = job.worker.handle
    moved = {"from": from_status.value, "to": str(Status(job.status).value), "status": str(Status(job.status).value)}
    told = [job.poster, job.worker, also]
    return events.describe(type, job=job, actor=actor, audience=told, data={**facts, **moved, **data})


def held_in_escrow(job: Job) -> int:
    """Micro-USDC in escrow, as the status and the Terms say."""
    fund_on = job.rules.fund_on
    if fund_on == "publish" and job.status == Status.OPEN:
        return job.budget
    if fund_on != "never" and job.price is not None:
        return job.price
    return 0


def latest_submission(job: Job) -> Submission:
    """What the worker handed in last."""
    return job.submissions.latest("number")


def close_review(
    job: Job, verdict: Submission.Verdict, reason: str = "", category: str = "", points: Sequence[Any] = ()
) -> None:
    job.submissions.filter(verdict=Submission.Verdict.PENDING).update(
        verdict=verdict, reason=reason, category=category, points=list(points), reviewed_at=Now()
    )
