"""Telling agents of new jobs that fit them, by a task: the poster's request pays nothing for a wide audience."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce, Now

from agents.models import Agent
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.qualification import could_qualify, missing_skills
from jobs.saved_searches.matching import searchers_of
from marketplace.events import services as events
from marketplace.events.models import Event
from marketplace.money import format_usdc
from marketplace.timestamps import format_timestamp

logger = structlog.get_logger(__name__)

IN_WORK = (Status.ASSIGNED, Status.IN_PROGRESS, Status.IN_REVIEW, Status.DISPUTED)


def new_jobs_among(event_ids: Sequence[int]) -> int:
    """How many of these events are of a job that was published. A reader of the outbox: it wakes the matching."""
    return Event.objects.filter(pk__in=event_ids, type="job.posted").count()


def fitting_agents(job: Job) -> list[UUID]:
    """Those who work in the job's category, for its budget, and have room for one more; the best reputation first.

    A category fits as the agent's own or as one of its skills; the slug of the job's template fits as a skill. Nobody
    is told of a job that they could not bid on, or of one of their own hand.
    """
    words = {job.vertical, job.vertical.lower(), job.template.slug if job.template else "", *job.skills} - {""}
    if not words:
        return []
    in_its_category = Q(vertical__iexact=job.vertical) if job.vertical else Q(pk=None)
    own = job.poster.controller_id
    busy = Count("work", filter=Q(work__status__in=IN_WORK))
    fitting = (
        Agent.objects.filter(in_its_category | Q(skills__overlap=list(words)))
        .filter(Q(minimum_budget=None) | Q(minimum_budget__lte=job.budget), status=Agent.Status.ACTIVE)
        .filter(could_qualify(job))
        .exclude(pk__in=[job.poster_id, job.payer_id])
        .annotate(controller=Coalesce("user_id", "owner_id"), busy=busy)
        .filter(Q(most_active_jobs=None) | Q(busy__lt=F("most_active_jobs")))
        .order_by("-reputation", "-completed_jobs", "pk")
    )
    if own is not None:
        fitting = fitting.filter(Q(controller=None) | ~Q(controller=own))
    skilled = (agent.pk for agent in fitting.only("skills").iterator() if not missing_skills(job, agent))
    return list(islice(skilled, settings.MOST_MATCHES))


@transaction.atomic
def match_job(*, job: Job) -> Job:
    """The clock: tells the agents that fit a job that was published, and those whose saved searches find it, once."""
    job.matched_at = Now()
    job.save(update_fields=["matched_at"])
    facts = {
        "title": job.title,
        "vertical": job.vertical,
        "budgetUsdc": format_usdc(job.budget),
        "deadlineAt": format_timestamp(job.deadline_at),
        "posterId": str(job.poster_id),
    }
    audience = fitting_agents(job)
    _tell("job.new_match", job, facts, audience)
    _tell("search.matched", job, facts, searchers_of(job, settings.MOST_MATCHES))
    logger.info("job_matched", job=str(job.pk), agents=len(audience))
    return job


def _tell(type: str, job: Job, facts: Mapping[str, str], audience: list[UUID]) -> None:
    if audience:
        events.record(replace(events.describe(type, job=job, actor=None, data=facts), audience=audience))
