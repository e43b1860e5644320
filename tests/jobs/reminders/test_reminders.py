"""Whoever has to review or to hand in is told in time, once at each mark (PEOPLE: reminders at 50/80/95 %)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from agents.inbox.models import Notification
from agents.models import Agent
from bids.services import accept_bid, place_bid
from disputes.services import close_dispute, open_dispute
from jobs.agreements.services import accept_agreement, propose_extension
from jobs.models import Job
from jobs.reminders.models import Reminder
from jobs.reminders.tasks import remind
from jobs.services import approve_job, reject_submission, submit_output
from marketplace.events.models import Event
from marketplace.events.relay import relay_batch
from marketplace.events.types import sentence
from marketplace.timestamps import format_timestamp
from tests.factories import OUTPUT, completed_job, open_job, started_job, submitted_job
from tests.racing import race

WINDOW = timedelta(hours=100)
TERMS = {"review_window_seconds": int(WINDOW.total_seconds())}


def gone(job: Job, percent: float) -> None:
    """So much of the time to review is over."""
    begun = Now() - WINDOW * (percent / 100)
    Job.objects.filter(pk=job.pk).update(submitted_at=begun, auto_approve_at=begun + WINDOW)


def told(type: str = "job.review_reminder") -> list[tuple[list[Any], int]]:
    return [(event.audience, event.data["percent"]) for event in Event.objects.filter(type=type).order_by("id")]


def promised_job(poster: Agent, worker: Agent) -> Job:
    """A job whose worker has said that it takes 100 hours."""
    bid = place_bid(job=open_job(poster), bidder=worker, amount=1_000_000, eta_minutes=6000, actor=worker)
    return accept_bid(bid=bid, actor=poster).job


def test_the_poster_is_told_at_each_mark_and_once(poster: Agent, worker: Agent) -> None:
    job = submitted_job(poster, worker, terms=TERMS)
    seen = []
    for percent in (10, 49.9, 50.1, 60, 79.9, 80.1, 81, 95.1, 99):
        gone(job, percent)
        # The time is the same, as long as nothing is handed in again: its beginning says so.
        Reminder.objects.update(known_by=Job.objects.get(pk=job.pk).submitted_at)
        seen.append((remind(), remind()))
    assert [first for first, _ in seen] == [0, 0, 1, 0, 0, 1, 0, 1, 0]
    assert not any(again for _, again in seen)
    assert told() == [([poster.pk], 50), ([poster.pk], 80), ([poster.pk], 95)]


def test_whoever_was_away_hears_of_the_latest_mark_alone(poster: Agent, worker: Agent) -> None:
    gone(submitted_job(poster, worker, terms=TERMS), 97)
    assert remind() == 1
    assert told() == [([poster.pk], 95)]


def test_the_worker_is_told_of_what_it_promised(poster: Agent, worker: Agent) -> None:
    job = promised_job(poster, worker)
    Job.objects.filter(pk=job.pk).update(assigned_at=Now() - WINDOW * 0.81, promised_at=Now() + WINDOW * 0.19)
    assert remind() == 1
    assert told("job.work_reminder") == [([worker.pk], 80)]
    assert sentence(Event.objects.get(type="job.work_reminder")) == (
        f"80 % of the time in which you promised “{job.title}” is over"
    )


def test_more_time_has_reminders_of_its_own(poster: Agent, worker: Agent) -> None:
    """Both sides agree on a later end: what was said of the earlier one says nothing of it."""
    job = promised_job(poster, worker)
    Job.objects.filter(pk=job.pk).update(assigned_at=Now() - WINDOW * 0.81, promised_at=Now() + WINDOW * 0.19)
    assert (remind(), remind()) == (1, 0)
    due_at = timezone.now() + WINDOW * 0.2
    agreement = propose_extension(job=Job.objects.get(pk=job.pk), actor=worker, due_at=due_at)
    accept_agreement(agreement=agreement, actor=poster)
    assert (remind(), remind()) == (1, 0)
    job.refresh_from_db()
    ends = [event.data["endsAt"] for event in Event.objects.filter(type="job.work_reminder").order_by("id")]
    assert [percent for _, percent in told("job.work_reminder")] == [80, 80]
    assert ends[0] < ends[1] == format_timestamp(due_at)


def test_it_is_in_the_inbox_and_leads_to_the_job(poster: Agent, worker: Agent) -> None:
    job = submitted_job(poster, worker, terms=TERMS)
    gone(job, 55)
    remind()
    while relay_batch():
        pass
    [notification] = Notification.objects.filter(event__type="job.review_reminder")
    assert (notification.agent, notification.event.job) == (poster, job)
    assert notification.read_at is None


@pytest.mark.parametrize(
    "end",
    [
        lambda job, poster: approve_job(job=job, actor=poster),
        lambda job, poster: reject_submission(job=job, actor=poster, reason="The end is missing."),
        lambda job, poster: open_dispute(job=job, actor=poster, reason="Not what was agreed."),
    ],
)
def test_whoever_has_answered_is_left_alone(poster: Agent, worker: Agent, end: Callable[..., Any]) -> None:
    job = submitted_job(poster, worker, terms=TERMS)
    end(job, poster)
    Job.objects.filter(pk=job.pk).update(submitted_at=Now() - WINDOW * 0.9)
    remind()
    assert told() == []


def test_work_that_was_handed_in_again_has_reminders_of_its_own(poster: Agent, worker: Agent) -> None:
    job = submitted_job(poster, worker, terms=TERMS)
    gone(job, 55)
    assert remind() == 1
    job = reject_submission(job=Job.objects.get(pk=job.pk), actor=poster, reason="The end is missing.")
    job = submit_output(job=job, actor=worker, output_data=OUTPUT)
    assert remind() == 0
    gone(job, 56)
    assert remind() == 1


def test_a_dispute_that_was_closed_begins_no_reminders_anew(poster: Agent, worker: Agent) -> None:
    job = submitted_job(poster, worker, terms=TERMS)
    gone(job, 55)
    remind()
    dispute = open_dispute(job=Job.objects.get(pk=job.pk), actor=poster, reason="Not what was agreed.")
    close_dispute(dispute=dispute, actor=poster)
    assert remind() == 0


def test_of_a_short_window_nobody_hears_thrice(poster: Agent, worker: Agent) -> None:
    job = submitted_job(poster, worker, terms={"review_window_seconds": 3599})
    begun, ends = Now() - timedelta(minutes=50), Now() + timedelta(minutes=9)
    Job.objects.filter(pk=job.pk).update(submitted_at=begun, auto_approve_at=ends)
    assert remind() == 0


def test_many_are_told_in_as_many_queries_as_few(
    poster: Agent, worker: Agent, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    """In bulk: six questions, and a few statements for each batch that has an answer."""
    for job in [submitted_job(poster, worker, terms=TERMS) for _ in range(4)]:
        gone(job, 60)
    started_job(poster, worker)
    completed_job(poster, worker)
    with django_assert_max_num_queries(40):
        assert remind() == 4


@pytest.mark.django_db(transaction=True)
def test_of_many_sweeps_at_once_one_tells(poster: Agent, worker: Agent) -> None:
    gone(submitted_job(poster, worker, terms=TERMS), 60)
    outcomes = race([remind] * 6)
    assert sum(outcome for outcome in outcomes if isinstance(outcome, int)) == 1
    assert told() == [([poster.pk], 50)]
