"""The verbs of an agreement. Each locks the job first, like every other verb on it."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Least, Now

from agents.halts.queries import is_held_off
from agents.models import Agent
from agents.rules import require_not_suspended
from jobs import services as jobs
from jobs.agreements.models import LONGEST_NOTE, Agreement, EarlyEnd, Side
from jobs.agreements.rules import AgreementNotPending, is_too_late, require_answer, require_change, side_of
from jobs.models import Job
from marketplace.database import database_now
from marketplace.errors import Invalid
from marketplace.events import services as events
from marketplace.money import format_usdc
from marketplace.screening.services import screened
from marketplace.timestamps import format_timestamp

Kind, Status = Agreement.Kind, Agreement.Status


@screened(note="note")
@transaction.atomic
def propose_extension(*, job: Job, actor: Agent, due_at: datetime, note: str = "") -> Agreement:
    """A side proposes that the work may come later. Raises Invalid naming the field."""
    job = _lock_for(job, actor, Kind.EXTEND)
    now, now_due = database_now(), job.promised_at or job.deadline_at
    if due_at <= max(now_due, now):
        raise Invalid.field("dueAt", f"Must be in the future, and later than {format_timestamp(now_due)}.")
    if due_at > now + settings.LONGEST_DEADLINE:
        raise Invalid.field("dueAt", f"Must be within {settings.LONGEST_DEADLINE.days} days.")
    return _propose(job, actor, Kind.EXTEND, note, due_at=due_at)


@screened(note="note")
@transaction.atomic
def propose_end(*, job: Job, actor: Agent, to_poster: int, note: str = "") -> Agreement:
    """A side proposes to end the job: `to_poster` micro-USDC go back, the worker gets the rest less the fee.

    Raises Invalid naming the field.
    """
    job = _lock_for(job, actor, Kind.CANCEL)
    _, price = job.deal
    if not 0 <= to_poster <= price:
        raise Invalid.field("posterUsdc", f"Must be between 0 and the price of {format_usdc(price)}.")
    return _propose(job, actor, Kind.CANCEL, note, to_poster=to_poster)


def _lock_for(job: Job, actor: Agent, kind: Agreement.Kind) -> Job:
    job = jobs.lock(job)
    require_change(job, kind, actor)
    return job


def _propose(job: Job, actor: Agent, kind: Agreement.Kind, note: str, **change: Any) -> Agreement:
    """What the same side proposed before is replaced."""
    if len(note) > LONGEST_NOTE:
        raise Invalid.field("note", f"Must have at most {LONGEST_NOTE} characters.")
    side = side_of(actor, job)
    assert side is not None  # require, in _lock_for
    earlier = job.agreements.filter(side=side, status=Status.PENDING)
    earlier.update(status=Status.REPLACED, answered_by=actor, answered_at=Now())
    ends = [Now() + timedelta(days=settings.AGREEMENT_DAYS), *filter(None, [change.get("due_at")])]
    lapses_at = Least(*ends) if len(ends) > 1 else ends[0]
    agreement = Agreement(job=job, proposed_by=actor, side=side, kind=kind, note=note, lapses_at=lapses_at, **change)
    agreement.save(force_insert=True)
    agreement.refresh_from_db(fields=["created_at", "lapses_at"])
    _tell("agreement.proposed", agreement, actor, note=note, lapsesAt=format_timestamp(agreement.lapses_at))
    return agreement


@transaction.atomic
def accept_agreement(*, agreement: Agreement, actor: Agent) -> Agreement:
    """The other side agrees, and the deal is changed at once. Raises AgreementNotPending, WrongStatus."""
    agreement = _answer(agreement, actor, "accept", Status.ACCEPTED)
    job = agreement.job
    _tell("agreement.accepted", agreement, actor)
    if agreement.due_at is not None:
        agreement.job = jobs.extend_job(job=job, due_at=agreement.due_at)
        # The other side's would move the end again, to a time that was proposed when it was nearer.
        _lapse(job, kind=Kind.EXTEND)
    elif agreement.to_poster is not None:
        agreement.job = jobs.call_off_job(job=job, actor=actor, to_poster=agreement.to_poster)
        EarlyEnd.objects.create(job=job, how=EarlyEnd.How.AGREED, to_poster=agreement.to_poster)
    return agreement


@transaction.atomic
def decline_agreement(*, agreement: Agreement, actor: Agent) -> Agreement:
    """The other side says no: the deal stays as it is. Raises AgreementNotPending."""
    agreement = _answer(agreement, actor, "decline", Status.DECLINED)
    _tell("agreement.declined", agreement, actor)
    return agreement


@transaction.atomic
def withdraw_agreement(*, agreement: Agreement, actor: Agent) -> Agreement:
    """The side that proposed it takes it back. Raises AgreementNotPending."""
    agreement = _answer(agreement, actor, "withdraw", Status.WITHDRAWN)
    _tell("agreement.withdrawn", agreement, actor)
    return agreement


def _answer(agreement: Agreement, actor: Agent, answer: str, status: Agreement.Status) -> Agreement:
    """The agreement with this answer, under the lock of its job; by the database's clock it waits for one."""
    job = jobs.lock(agreement.job)
    agreement = Agreement.objects.select_related("proposed_by").get(pk=agreement.pk)
    agreement.job = job
    require_answer(agreement, answer, actor)
    require_not_suspended(actor)
    now = database_now()
    in_time = agreement.lapses_at > now or is_held_off(agreement.lapses_at)
    if agreement.status != Status.PENDING or not in_time:
        over = Status.LAPSED if agreement.status == Status.PENDING else Status(agreement.status)
        raise AgreementNotPending(f"This proposal cannot be answered any more: {over.label.lower()}.")
    if answer == "accept":
        require_change(job, agreement.kind, actor)
        if is_too_late(agreement, now):
            raise AgreementNotPending("The time that it asks for has passed; propose a later one.")
    _close(agreement, status, actor)
    return agreement


def _close(agreement: Agreement, status: Agreement.Status, actor: Agent | None) -> None:
    agreement.status, agreement.answered_by, agreement.answered_at = status, actor, Now()
    agreement.save(update_fields=["status", "answered_by", "answered_at"])
    agreement.refresh_from_db(fields=["answered_at"])


@transaction.atomic
def lapse_agreements(*, job: Job) -> Job:
    """The clock: what nobody answered in time lapses, and both sides are told."""
    job = jobs.lock(job)
    _lapse(job, lapses_at__lte=Now())
    return job


def drop_agreements(*, job: Job) -> None:
    """The work was handed in or sent back, has ended or is disputed: what was proposed before that was about another
    state of things, and waits for no answer any more. The caller holds the lock of the job.
    """
    _lapse(job)


def _lapse(job: Job, **which: Any) -> None:
    for agreement in job.agreements.filter(status=Status.PENDING, **which).select_related("proposed_by").order_by("pk"):
        agreement.job = job
        _close(agreement, Status.LAPSED, None)
        _tell("agreement.lapsed", agreement, None)


@transaction.atomic
def give_back(*, job: Job, actor: Agent, reason: str = "") -> Job:
    """The worker gives the job back; what it had promised counts as not completed (docs/reputation.md). Raises
    AlreadyHandedIn."""
    job = jobs.give_back_job(job=job, actor=actor, reason=reason)
    EarlyEnd.objects.create(job=job, how=EarlyEnd.How.GIVEN_BACK, to_poster=job.deal[1])
    return job


def _tell(type: str, agreement: Agreement, actor: Agent | None, **facts: str) -> None:
    job = agreement.job
    worker, price = job.deal
    data = {
        "title": job.title,
        "agreementId": str(agreement.pk),
        "kind": str(Kind(agreement.kind).value),
        "side": str(Side(agreement.side).value),
        "dueAt": format_timestamp(agreement.due_at) if agreement.due_at else None,
        "posterUsdc": None if agreement.to_poster is None else format_usdc(agreement.to_poster),
        "workerUsdc": None if agreement.to_poster is None else format_usdc(price - agreement.to_poster),
        **facts,
    }
    events.emit(type, job=job, actor=actor, audience=[job.poster, worker], data=data)
