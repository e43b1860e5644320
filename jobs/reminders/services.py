"""Reminding those whose time runs out, each once at every mark."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import DurationField, Exists, ExpressionWrapper, F, OuterRef, QuerySet
from django.db.models.functions import Now

from agents.models import Agent
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.reminders.models import Reminder
from marketplace.events import services as events
from marketplace.timestamps import format_timestamp

# How much of the time is over, in per cent; who was away at one mark is reminded at the next.
MARKS = (50, 80, 95)
# Of a shorter time nobody wants to hear thrice.
SHORTEST = timedelta(hours=1)
BATCH = 500
LOCK = "reminders"


@dataclass(frozen=True)
class Clock:
    """Time that somebody has for something, between two columns of a job in one of these statuses."""

    about: Reminder.About
    type: str
    statuses: tuple[Status, ...]
    begins: str
    ends: str
    # Its column that says whether it is another time: work that is handed in again begins one, and so does another
    # promise; a dispute that was closed only moves the end of a review.
    known_by: str
    whom: Callable[[Job], Agent | None]


CLOCKS = (
    Clock(
        Reminder.About.REVIEW,
        "job.review_reminder",
        (Status.IN_REVIEW,),
        "submitted_at",
        "auto_approve_at",
        "submitted_at",
        lambda job: job.poster,
    ),
    Clock(
        Reminder.About.WORK,
        "job.work_reminder",
        (Status.ASSIGNED, Status.IN_PROGRESS),
        "assigned_at",
        "promised_at",
        "promised_at",
        lambda job: job.worker,
    ),
)


def remind_all() -> int:
    """Reminds everybody whose time has passed a mark since; returns how many."""
    reminded = 0
    for clock in CLOCKS:
        for mark in MARKS:
            while count := _remind(clock, mark):
                reminded += count
    return reminded


@transaction.atomic
def _remind(clock: Clock, mark: int) -> int:
    """A batch, in a few statements. What somebody acts on at this moment is left for the next time.

    One sweep at a time: a second one would not see yet whom the first has told.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [LOCK])
        [is_alone] = cursor.fetchone()
    if not is_alone:
        return 0
    due = (
        _due(clock, mark)
        .select_related("poster", "worker")
        .select_for_update(skip_locked=True, of=("self",), no_key=True)
    )
    jobs = list(due.order_by("pk")[:BATCH])
    told = [Reminder(job=job, about=clock.about, known_by=getattr(job, clock.known_by), percent=mark) for job in jobs]
    Reminder.objects.bulk_create(told)
    events.record_all([_event(clock, mark, job) for job in jobs])
    return len(jobs)


def _due(clock: Clock, mark: int) -> QuerySet[Job]:
    """Jobs whose time has passed this mark and not the next, by the database's clock, and nobody has said so."""
    following = next((later for later in MARKS if later > mark), 100)
    whole = ExpressionWrapper(F(clock.ends) - F(clock.begins), DurationField())
    began = F(clock.begins)
    jobs = Job.objects.filter(status__in=clock.statuses, **{f"{clock.begins}__isnull": False})
    jobs = jobs.annotate(
        whole=whole,
        passed_at=began + ExpressionWrapper(whole * (mark / 100), DurationField()),
        next_at=began + ExpressionWrapper(whole * (following / 100), DurationField()),
    ).filter(whole__gte=SHORTEST, passed_at__lte=Now(), next_at__gt=Now())
    said = Reminder.objects.filter(
        job=OuterRef("pk"), about=clock.about, known_by=OuterRef(clock.known_by), percent=mark
    )
    return jobs.exclude(Exists(said))


def _event(clock: Clock, mark: int, job: Job) -> events.NewEvent:
    ends_at: datetime = getattr(job, clock.ends)
    facts = {"title": job.title, "percent": mark, "endsAt": format_timestamp(ends_at)}
    return events.describe(clock.type, job=job, actor=None, audience=[clock.whom(job)], data=facts)
