"""Reads of jobs and templates."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F, Prefetch, Q, QuerySet
from django.db.models.functions import Greatest, Now

from agents.halts.queries import is_held_off
from agents.models import Agent
from agents.queries import agents_of
from jobs.attachments.models import SubmissionFile
from jobs.lifecycle import Status
from jobs.models import Job, JobTemplate, Submission
from jobs.rules import is_party, is_poster
from marketplace.errors import NotAllowed, NotFound
from marketplace.events.models import Event
from marketplace.screening.queries import with_flags
from wallets.models import Account


def with_parties(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """The jobs with what a list or a page shows of poster, worker and template, in the same query."""
    parties = ("poster__user", "poster__owner", "worker__user", "worker__owner", "invited", "template")
    return jobs.select_related(*parties).defer("search")


def visible_to(actor: Agent | None) -> QuerySet[Job]:
    """Jobs that the actor may know of: drafts are their poster's alone, direct offers are for their two sides and
    for operators."""
    if actor is None:
        return published()
    offered, own = Q(invited=actor), Q(poster=actor)
    if actor.is_human:
        offered |= Q(invited__owner_id=actor.user_id)
        own |= Q(poster__owner_id=actor.user_id)
    if actor.user is None or not actor.user.is_staff:
        offered |= Q(invited=None)
        return with_parties(Job.objects.filter(Q(published_at__isnull=False) & offered | own))
    return with_parties(Job.objects.filter(Q(published_at__isnull=False) | own))


def published() -> QuerySet[Job]:
    """Jobs that anyone may know of, for public lists."""
    return with_parties(Job.objects.filter(published_at__isnull=False, invited=None))


def find_job(identifier: str | UUID, actor: Agent | None) -> Job:
    """The job, if the actor may know of it. Raises NotFound, the same for missing and invisible ones."""
    try:
        job = with_flags(visible_to(actor)).select_related("asked").filter(pk=UUID(str(identifier))).first()
    except ValueError:
        job = None
    if job is None:
        raise NotFound("There is no job with that id.")
    return job


def funded(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Those with money in escrow."""
    return jobs.filter(accounts__kind=Account.Kind.ESCROW, accounts__balance__gt=0)


def jobs_of(agent: Agent, reader: Agent | None) -> QuerySet[Job]:
    """Jobs that the agent works or worked on, as far as the reader may know of them."""
    return visible_to(reader).filter(worker=agent)


def timeline(job: Job) -> QuerySet[Event]:
    """What happened to the job, oldest first."""
    return Event.objects.filter(job=job).select_related("actor").order_by("id")


def timeline_for(job: Job, actor: Agent) -> QuerySet[Event]:
    """What the actor may read of it: all for the poster, but of sealed bids only what it was told; for others the
    changes of status, and what they did or were told, so that no bidder reads another's offer."""
    if is_poster(actor, job):
        hidden = Q(type__startswith="bid.") & ~Q(audience__contains=[job.poster_id])
        return timeline(job).exclude(hidden) if is_sealed(job) else timeline(job)
    agents = [actor.pk, *agents_of(actor).values_list("pk", flat=True)]
    return timeline(job).filter(Q(data__has_key="to") | Q(actor__in=agents) | Q(audience__overlap=agents))


def submissions_of(job: Job, actor: Agent | None) -> QuerySet[Submission]:
    """All that was handed in, the latest first, for the job's two sides. Raises NotAllowed for others."""
    if not is_party(actor, job):
        raise NotAllowed("Only the poster and the worker read what was handed in.")
    files = Prefetch("attachments", SubmissionFile.objects.select_related("file"))
    return with_flags(job.submissions.select_related("worker").prefetch_related(files)).order_by("-number")


def templates() -> QuerySet[JobTemplate]:
    """Templates on offer."""
    return JobTemplate.objects.filter(is_active=True)


def find_template(reference: str | UUID) -> JobTemplate:
    """The template with that UUID or slug. Raises NotFound."""
    try:
        wanted = Q(pk=UUID(str(reference)))
    except ValueError:
        wanted = Q(slug=str(reference))
    template = JobTemplate.objects.filter(wanted).first()
    if template is None:
        raise NotFound("There is no template with that id.")
    return template


def due_for_approval() -> QuerySet[Job]:
    """Jobs whose review window has ended by the database's clock."""
    return Job.objects.filter(status=Status.IN_REVIEW, auto_approve_at__lte=Now()).order_by("auto_approve_at")


def due_to_match() -> QuerySet[Job]:
    """Open jobs that nobody was told of yet, the oldest first."""
    return Job.objects.filter(status=Status.OPEN, matched_at=None, invited=None).order_by("published_at")


def due_to_mature() -> QuerySet[Job]:
    """Completed jobs whose dispute window has ended by the database's clock."""
    return Job.objects.filter(status=Status.COMPLETED, matures_at__lte=Now()).order_by("matures_at")


def due_to_expire() -> QuerySet[Job]:
    """Open jobs whose deadline has passed by the database's clock; the end of bidding is noticed before that."""
    settled = Q(bidding_ends_at=None) | Q(bidding_closed_at__isnull=False)
    return Job.objects.filter(settled, status=Status.OPEN, deadline_at__lte=Now()).order_by("deadline_at")


def has_bidding_ended(job: Job) -> bool:
    """Whether the bidding window has ended by the database's clock, noticed or not; not while clocks stand."""
    if job.bidding_ends_at is None or job.bidding_closed_at is not None:
        return job.bidding_closed_at is not None
    ended = Job.objects.filter(pk=job.pk, bidding_ends_at__lte=Now()).exists()
    return ended and not is_held_off(job.bidding_ends_at)


def is_sealed(job: Job) -> bool:
    """Whether the bids on the job are still secret, to its poster too.

    They are opened at the end of the window by the database's clock, noticed or not, and never if the job ended before.
    """
    if not job.rules.rule.is_sealed or job.bidding_closed_at is not None:
        return False
    return job.status != Status.OPEN or not has_bidding_ended(job)


def due_to_close() -> QuerySet[Job]:
    """Open jobs whose bidding window has ended by the database's clock, unnoticed so far."""
    open_jobs = Job.objects.filter(status=Status.OPEN, bidding_closed_at=None, bidding_ends_at__isnull=False)
    return open_jobs.filter(bidding_ends_at__lte=Now()).order_by("bidding_ends_at")


def fallen_silent() -> QuerySet[Job]:
    """Jobs in work whose worker's program used to send heartbeats and has sent no sign of life for too long.

    A silence is found once: the next one begins with a new heartbeat.
    """
    heard = Greatest("worker__last_heartbeat_at", "updated_at")
    silent = Job.objects.annotate(heard_at=heard).filter(
        status=Status.IN_PROGRESS,
        worker__kind=Agent.Kind.AI,
        worker__last_heartbeat_at__isnull=False,
        heard_at__lte=Now() - timedelta(seconds=settings.HEARTBEAT_SECONDS),
    )
    return silent.filter(Q(heartbeat_missed_at=None) | Q(heartbeat_missed_at__lt=F("heard_at"))).order_by("heard_at")
