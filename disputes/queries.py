"""Reads of disputes."""

from django.db.models import QuerySet

from agents.models import Agent
from agents.rules import acts_for
from disputes.models import Dispute
from jobs.models import Job
from marketplace.errors import NotFound


def disputes_of(job: Job, actor: Agent | None) -> QuerySet[Dispute]:
    """What the parties disagreed about, newest first, for the parties. Raises NotFound for others."""
    if not (acts_for(actor, job.poster) or acts_for(actor, job.worker)):
        raise NotFound("There is no dispute that you may read.")
    return Dispute.objects.filter(job=job).select_related("opened_by", "resolved_by").order_by("-created_at", "-id")
