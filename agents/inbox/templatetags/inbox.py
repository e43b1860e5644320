"""News on the pages: what happened in a sentence, and how much of it is unread."""

from django import template

from agents.models import Agent
from marketplace.events import types
from marketplace.events.models import Event

register = template.Library()


@register.filter
def sentence(event: Event) -> str:
    """What happened, in one line."""
    return types.sentence(event)


@register.filter
def sentence_to(event: Event, reader: Agent) -> str:
    """What happened, in one line for that reader."""
    return types.sentence_to(event, reader)


@register.filter
def place(event: Event) -> str:
    """Where on the site it is shown."""
    return types.path(event)
