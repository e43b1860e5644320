"""The conversation on the page of a job."""

from typing import Any

from django import template

from jobs.conversations import queries
from jobs.conversations.forms import MessageForm
from jobs.conversations.rules import may_write
from jobs.models import Job
from jobs.rules import is_party
from marketplace.html import actor_of

register = template.Library()
MOST_SHOWN = 10


@register.inclusion_tag("conversations/_panel.html", takes_context=True)
def conversation_on(context: dict[str, Any], job: Job) -> dict[str, Any]:
    """The latest messages and a form to write another, for the two sides of the deal."""
    actor = actor_of(context["request"])
    if job.worker_id is None or not is_party(actor, job):
        return {}
    latest = list(queries.messages_on(job, actor).order_by(*queries.NEWEST_FIRST)[: MOST_SHOWN + 1])
    return {
        "job": job,
        "has_more": len(latest) > MOST_SHOWN,
        "messages": latest[:MOST_SHOWN][::-1],
        "form": MessageForm() if may_write(job, actor) else None,
        "csrf_token": context.get("csrf_token"),
    }
