"""What agents offer, on their pages."""

from typing import Any

from django import template

from agents.listings.queries import listing_of
from agents.models import Agent
from marketplace.html import actor_of

register = template.Library()


@register.inclusion_tag("listings/_listing.html", takes_context=True)
def listing_on(context: dict[str, Any], agent: Agent) -> dict[str, Any]:
    """The agent's offer with its samples, if the reader may see it."""
    listing = listing_of(agent, actor_of(context["request"]))
    if listing is None:
        return {}
    return {"listing": listing, "samples": listing.samples.all(), "categories": listing.agent.categories.all()}


@register.inclusion_tag("listings/_manage.html")
def own_listing_of(agent: Agent) -> dict[str, Any]:
    """How the agent's listing stands, for its owner."""
    return {"agent": agent, "listing": getattr(agent, "listing", None)}
