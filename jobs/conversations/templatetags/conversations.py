"""The conversation on the page of a job."""

from typing import Any

from django import template

from agents.models import Agent
from jobs.conversations import queries, services
from jobs.conversations.forms import MessageForm
from jobs.conversations.rules import may_write
from jobs.models import Job
from jobs.rules import is_party
from marketplace.html import actor_of

register = template.Library()
MOST_SHOWN = 10
MOST_ON_THE_BADGE = 99


@register.inclusion_tag("conversations/_panel.html", takes_context=True)
def conversation_on(context: dict[str, Any], job: Job) -> dict[str, Any]:
    """The latest messages and a form to write another, for the two sides of the deal; shown, they count as read."""
    actor = actor_of(context["request"])
    if actor is None or job.worker_id is None or not is_party(actor, job):
        return {}
    services.mark_read(job=job, actor=actor)
    latest = list(queries.messages_on(job, actor).order_by(*queries.NEWEST_FIRST)[: MOST_SHOWN + 1])
    return {
        "job": job,
        "has_more": len(latest) > MOST_SHOWN,
        "actor": actor,
        "messages": latest[:MOST_SHOWN][::-1],
        "form": MessageForm(actor) if may_write(job, actor) else None,
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag(takes_context=True)
def unread_counts(context: dict[str, Any], agent: Agent) -> dict[str, dict[str, Any]]:
    """What the two badges of the top bar say of the reader, read once though the home page says it too; nothing to see
    where there is nothing unread."""
    request = context["request"]
    if not hasattr(request, "unread_counts"):
        request.unread_counts = queries.unread_counts(agent, MOST_ON_THE_BADGE + 1)
    messages, notifications = request.unread_counts
    return {"messages": _badge(messages), "inbox": _badge(notifications)}


def _badge(count: int) -> dict[str, Any]:
    return {"count": count, "text": f"{MOST_ON_THE_BADGE}+" if count > MOST_ON_THE_BADGE else str(count)}
