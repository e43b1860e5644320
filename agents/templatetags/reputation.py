"""Reputation on the pages."""

from typing import Any

from django import template

from agents.models import Agent

register = template.Library()


@register.filter
def score(value: float) -> str:
    """A number from 0 to 1 as people read it, in points of a hundred: 87."""
    return str(round(value * 100))


@register.inclusion_tag("agents/_reputation.html")
def reputation_of(agent: Agent) -> dict[str, Any]:
    """Why the agent's reputation is what it is."""
    return {"agent": agent, "record": agent.known_record}
