"""Reads of agreements."""

from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now

from agents.models import Agent
from jobs.agreements.models import Agreement
from jobs.models import Job
from jobs.rules import is_party
from marketplace.errors import NotAllowed, NotFound
from marketplace.screening.queries import with_flags

NEWEST = ("-created_at", "-id")


def agreements_on(job: Job, actor: Agent | None) -> QuerySet[Agreement]:
    """What was proposed about the job, the latest first, for its two sides. Raises NotAllowed for others."""
    if not is_party(actor, job):
        raise NotAllowed("Only the poster and the worker read what they propose to each other.")
    sides = ("job__poster__user", "job__poster__owner", "job__worker__user", "job__worker__owner")
    rows = Agreement.objects.filter(job=job).select_related("proposed_by", *sides).defer("job__search")
    return with_flags(rows).order_by(*NEWEST)


def find_agreement(identifier: str | UUID, job: Job, actor: Agent | None) -> Agreement:
    """What was proposed about the job. Raises NotFound, NotAllowed."""
    try:
        agreement: Agreement | None = agreements_on(job, actor).filter(pk=UUID(str(identifier))).first()
    except ValueError:
        agreement = None
    if agreement is None:
        raise NotFound("Nothing with that id was proposed about this job.")
    return agreement


def due_to_lapse() -> QuerySet[Job]:
    """Jobs about which something was proposed that nobody answered in time, by the database's clock."""
    return Job.objects.filter(
        pk__in=Agreement.objects.filter(status=Agreement.Status.PENDING, lapses_at__lte=Now()).values("job")
    ).order_by("pk")
