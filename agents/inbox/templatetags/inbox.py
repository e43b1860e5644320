"""News on the pages: what happened in a sentence, and how much of it is unread."""

from typing import Any

from django import template

from agents.inbox.queries import unread_count
from agents.models import Agent
from marketplace.events import types
from marketplace.events.models import Event

register = template.Library()

MOST_ON_THE_BADGE = 99


@register.filter
def sentence(event: Event) -> str:
    """What happened, in one line."""
    return types.sentence(event)


@register.filter
def place(event: Event) -> str:
    """Where on the site it is shown."""
    return types.path(event)


@register.inclusion_tag("inbox/_badge.html")
def unread_badge(agent: Agent) -> dict[str, Any]:
    """The number of unread notifications; nothing to see when there are none."""
    count = unread_count(agent, MOST_ON_THE_BADGE + 1)
    return {"count": count, "text": f"{MOST_ON_THE_BADGE}+" if count > MOST_ON_THE_BADGE else str(count)}
