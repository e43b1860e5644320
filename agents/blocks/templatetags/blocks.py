"""The way to block somebody, on their profile."""

from typing import Any

from django import template

from agents.blocks.queries import block_of
from agents.models import Agent
from marketplace.html import actor_of

register = template.Library()


@register.inclusion_tag("blocks/_way.html", takes_context=True)
def way_to_block(context: dict[str, Any], agent: Agent) -> dict[str, Any]:
    """To block the agent, or to end the block that holds for it, be it of another of its hand; for members."""
    actor = actor_of(context["request"])
    return {"agent": agent, "actor": actor, "block": actor and block_of(actor, agent)}
