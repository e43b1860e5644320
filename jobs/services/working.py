"""The worker begins, says how far it is and hands in."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from agents.files.services import attach
from agents.models import Agent
from jobs import schemas
from jobs.lifecycle import Status
from jobs.models import Job, Submission
from jobs.points import tick_points
from jobs.proofs import judge, says_nothing
from jobs.rules import require
from jobs.services.moving import latest_submission, lock, move, tell
from marketplace.errors import Invalid
from marketplace.events import services as events
from marketplace.screening.services import screened
from marketplace.timestamps import format_timestamp


@transaction.atomic
def start_job(*, job: Job, actor: Agent) -> Job:
    """ASSIGNED → IN_PROGRESS: the worker has begun."""
    job = lock(job)
    transition = require(job, "start", actor)
    move(job, transition.target, started_at=Now())
    tell("job.started", job, actor, from_status=Status.ASSIGNED)
    return job


@screened(note="note")
@transaction.atomic
def report_progress(*, job: Job, actor: Agent, percent: int, note: str = "") -> Job:
    """The worker says how far the work is, 0 to 100 per cent."""
    job = lock(job)
    transition = require(job, "progress", actor)
    if not 0 <= percent <= 100:
        raise Invalid.field("percent", "Must be between 0 and 100.")
    move(job, transition.target, progress_percent=percent)
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
    move(job, transition.target, submitted_at=Now(), progress_percent=100, **clock)
    tell(
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
def extend_job(*, job: Job, due_at: datetime) -> Job:
    """Both sides agreed that the work comes by then: it is late only after that."""
    job = lock(job)
    transition = require(job, "extend", None)
    if due_at <= (job.promised_at or job.deadline_at):
        raise Invalid.field("dueAt", "Must be later than what was agreed on since.")
    move(job, transition.target, promised_at=due_at, deadline_at=max(job.deadline_at, due_at))
    return job
