"""Time is a row and the database's clock: reviews that end by themselves, and jobs that expire (SURVIVE C1, C2, C3)."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from disputes.models import Dispute
from disputes.services import open_dispute
from jobs import services as jobs
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.queries import due_for_approval
from jobs.rules import WrongStatus
from jobs.tasks import approve_due_reviews, expire_due_jobs
from marketplace.errors import Invalid
from marketplace.events.models import Event
from tests.factories import BUDGET, FUNDS, OUTPUT, PRICE, make_agent, make_bid, make_person, open_job, submitted_job
from tests.racing import race
from tests.waiting import wait_for
from wallets import services as wallets
from wallets.queries import balance, escrow_balance

PAYOUT = PRICE * 95 // 100
DUE, SIX_HOURS = timedelta(0), timedelta(hours=6)


def overdue(job: Job, by: timedelta = DUE) -> Job:
    """The job, its review window or its deadline over since then by the database's clock."""
    field = "auto_approve_at" if job.status == Status.IN_REVIEW else "deadline_at"
    Job.objects.filter(pk=job.pk).update(**{field: Now() - by})
    return job


def status(job: Job) -> str:
    return Job.objects.get(pk=job.pk).status


@pytest.mark.django_db(transaction=True)
def test_the_window_ends_by_itself(poster, worker):
    """P3: nobody touches the row; only time goes by."""
    job = submitted_job(poster, worker, terms={"review_window_seconds": 1})
    assert approve_due_reviews() == 0
    assert status(job) == Status.IN_REVIEW
    wait_for(due_for_approval().exists, "the review window to end")
    assert approve_due_reviews() == 1
    assert (status(job), balance(worker).available) == (Status.COMPLETED, PAYOUT)
    event = Event.objects.get(type="job.approved")
    assert (event.actor, event.data["reason"]) == (None, "the review window ended")
    assert approve_due_reviews() == 0


@pytest.mark.parametrize("skew", [timedelta(minutes=-10), timedelta(minutes=10), timedelta(days=30)])
def test_a_wrong_clock_of_the_worker_changes_nothing(poster, worker, monkeypatch, skew):
    """C3: only the database's clock decides."""
    early, late = submitted_job(poster, worker), overdue(submitted_job(poster, worker))
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + skew)
    assert approve_due_reviews() == 1
    assert (status(early), status(late)) == (Status.IN_REVIEW, Status.COMPLETED)


def test_the_review_window_is_the_one_of_the_terms(poster, worker):
    job = submitted_job(poster, worker, terms={"review_window_seconds": 3600})
    assert job.auto_approve_at and job.submitted_at
    assert job.auto_approve_at - job.submitted_at == timedelta(hours=1)


def test_a_resubmission_starts_the_clock_anew(poster, worker):
    job = overdue(submitted_job(poster, worker))
    jobs.reject_submission(job=job, actor=poster, reason="Too long.")
    assert approve_due_reviews() == 0
    job = jobs.submit_output(job=job, actor=worker, output_data=OUTPUT)
    assert job.auto_approve_at and job.auto_approve_at > timezone.now() + timedelta(days=6)
    assert approve_due_reviews() == 0
    assert status(job) == Status.IN_REVIEW


def test_a_dispute_stops_the_clock(poster, worker):
    job = overdue(submitted_job(poster, worker))
    open_dispute(job=job, actor=poster, reason="Not what was agreed.")
    assert approve_due_reviews() == 0
    assert (status(job), escrow_balance(job)) == (Status.DISPUTED, PRICE)


def test_all_that_is_overdue_is_done_in_the_first_sweep(poster, worker):
    """C2: after six hours without a beat."""
    reviews = [overdue(submitted_job(poster, worker, price=1), SIX_HOURS) for _ in range(25)]
    assert approve_due_reviews() == len(reviews)
    assert {status(job) for job in reviews} == {Status.COMPLETED}


def test_an_open_job_expires_and_its_money_returns(poster, worker):
    job = open_job(poster, terms={"fund_on": "publish", "cancel_fee_bps": 5000})
    bid = make_bid(job, worker)
    assert balance(poster).available == FUNDS - BUDGET
    assert expire_due_jobs() == 0
    overdue(job, SIX_HOURS)
    assert expire_due_jobs() == 1
    bid.refresh_from_db()
    assert (status(job), bid.status, balance(poster).available) == (Status.CANCELLED, "REJECTED", FUNDS)
    assert Event.objects.get(type="job.expired").actor is None


def test_a_job_that_is_taken_does_not_expire(poster, worker):
    job = submitted_job(poster, worker)
    Job.objects.filter(pk=job.pk).update(deadline_at=Now() - SIX_HOURS)
    assert expire_due_jobs() == 0


def test_a_deadline_lies_ahead(poster):
    with pytest.raises(Invalid) as refusal:
        open_job(poster, deadline_at=timezone.now() - timedelta(hours=1))
    assert [error.field for error in refusal.value.errors] == ["deadlineAt"]


def test_one_that_fails_does_not_stop_the_rest(poster, worker, monkeypatch):
    first, second = (overdue(submitted_job(poster, worker), by) for by in (SIX_HOURS, DUE))
    release = wallets.release_escrow

    def refuse_the_first(*, job, **details):
        if job.pk == first.pk:
            raise RuntimeError("the first cannot be paid")
        return release(job=job, **details)

    with monkeypatch.context() as patch:
        patch.setattr(wallets, "release_escrow", refuse_the_first)
        assert approve_due_reviews() == 1
    assert (status(first), status(second)) == (Status.IN_REVIEW, Status.COMPLETED)
    assert approve_due_reviews() == 1
    assert status(first) == Status.COMPLETED


SWEEPERS, DUE_JOBS = 8, 60


@pytest.mark.django_db(transaction=True)
def test_many_sweepers_settle_each_job_once():
    """C1, scaled: 8 sweepers over 60 due jobs; SURVIVE has 50 over 10,000."""
    poster, worker = make_person(funds=DUE_JOBS * PRICE), make_agent()
    with transaction.atomic():
        due = [overdue(submitted_job(poster, worker)) for _ in range(DUE_JOBS)]
    settled = race([approve_due_reviews] * SWEEPERS)
    assert sum(settled) == DUE_JOBS
    assert Event.objects.filter(type="job.paid").count() == DUE_JOBS
    assert {status(job) for job in due} == {Status.COMPLETED}
    assert balance(worker).available == DUE_JOBS * PAYOUT


@pytest.mark.django_db(transaction=True)
def test_a_sweep_does_not_wait_for_a_job_that_somebody_holds():
    """C1: what another has locked is skipped, not queued for."""
    poster, worker = make_person(funds=FUNDS), make_agent()
    held, free = (overdue(submitted_job(poster, worker), by) for by in (SIX_HOURS, DUE))
    with transaction.atomic():
        jobs.lock(held)
        assert race([approve_due_reviews]) == [1]
    assert (status(held), status(free)) == (Status.IN_REVIEW, Status.COMPLETED)
    assert approve_due_reviews() == 1


@pytest.mark.django_db(transaction=True)
def test_both_clocks_agree_that_a_dispute_in_time_wins():
    """C3: whoever has the job's lock first; never both."""
    poster, worker = make_person(funds=20 * PRICE), make_agent()
    for _ in range(20):
        job = overdue(submitted_job(poster, worker))
        dispute = partial(open_dispute, job=job, actor=poster, reason="Not as agreed.")
        outcomes = race([approve_due_reviews, dispute])
        ended = status(job)
        assert (outcomes[0], isinstance(outcomes[1], Dispute), escrow_balance(job)) == (
            (1, False, 0) if ended == Status.COMPLETED else (0, True, PRICE)
        )


RUNS = 200
# Milliseconds from the start of both to the end of the review window, by the database's clock.
AROUND_THE_END = (-1, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("skew", [timedelta(minutes=-10), timedelta(minutes=10)])
def test_a_millisecond_before_or_after_the_end_only_one_of_them_wins(monkeypatch, skew):
    """C3: a dispute at T - 1 ms and T + 1 ms, 200 runs, the clocks of the workers ten minutes wrong."""
    poster, worker = make_person(funds=RUNS // 2 * PRICE), make_agent()
    with transaction.atomic():
        under_review = [submitted_job(poster, worker) for _ in range(RUNS // 2)]
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + skew)
    for number, job in enumerate(under_review):
        end_review(job, AROUND_THE_END[number % 2])
        dispute = partial(open_dispute, job=job, actor=poster, reason="Not as agreed.")
        outcomes = race([approve_due_reviews, dispute, approve_due_reviews])
        first, disputed, second = outcomes
        won = isinstance(disputed, Dispute)
        assert (won or isinstance(disputed, WrongStatus), first + second) == (True, 0 if won else 1), outcomes
        held = escrow_balance(job)
        assert (status(job), held) == ((Status.DISPUTED, PRICE) if won else (Status.COMPLETED, 0))
        paid = Event.objects.filter(job=job, type="job.paid").count()
        assert paid == (0 if won else 1)
    assert approve_due_reviews() == 0


def end_review(job: Job, milliseconds: int) -> None:
    """The review window of the job ends so long from now, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE jobs_job SET auto_approve_at = clock_timestamp() + make_interval(secs => %s) WHERE id = %s",
            [milliseconds / 1000, job.pk],
        )


def test_the_sweeps_find_their_rows_by_index(poster, worker):
    """A sweep every other second must not read all jobs: the planner knows the index for this very question."""
    job = submitted_job(poster, worker)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no job is born in review
        fill_reviews(job, 2000)
        cursor.execute("ANALYZE jobs_job")
        plan = due_for_approval().explain()
        transaction.set_rollback(True)
    assert "job_review_due" in plan, plan


def fill_reviews(job: Job, number: int) -> None:
    """So many jobs in review like that one, a minute after another."""
    copied = {field.attname: getattr(job, field.attname) for field in Job._meta.concrete_fields if not field.generated}
    Job.objects.bulk_create(
        Job(**copied | {"id": uuid4(), "auto_approve_at": job.auto_approve_at + timedelta(minutes=minute)})
        for minute in range(number)
    )
