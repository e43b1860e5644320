"""Disputes on the pages of jobs."""

from typing import Any

from django import template

from disputes import queries
from jobs.models import Job
from jobs.rules import is_party
from marketplace.html import actor_of

register = template.Library()


@register.inclusion_tag("disputes/_call.html", takes_context=True)
def dispute_call(context: dict[str, Any], job: Job) -> dict[str, Any]:
    """Where the open dispute about a job stands and the way to it, for its two sides; for others that there is one."""
    party = is_party(actor_of(context["request"]), job)
    return {"job": job, "dispute": queries.latest_of(job) if party else None}


@register.inclusion_tag("disputes/_ended.html", takes_context=True)
def dispute_link(context: dict[str, Any], job: Job) -> dict[str, Any]:
    """The way to the dispute that a job ended with, for its two sides."""
    ended = job.refund is not None and is_party(actor_of(context["request"]), job)
    return {"dispute": queries.latest_of(job) if ended else None}
