"""The webhooks of an agent, on its page."""

from typing import Any

from django import template

from agents.models import Agent
from agents.webhooks.queries import endpoints_of

register = template.Library()


@register.inclusion_tag("agents/_webhook.html")
def webhooks_of(agent: Agent) -> dict[str, Any]:
    """Where the agent is told what happens and how that fares, for its owner to read."""
    return {"agent": agent, "endpoints": endpoints_of(agent)}
