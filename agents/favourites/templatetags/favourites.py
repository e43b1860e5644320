"""The heart beside an agent's name."""

from typing import Any

from django import template

from agents.favourites.queries import favourite_ids
from agents.models import Agent
from marketplace.html import actor_of

register = template.Library()


@register.inclusion_tag("favourites/_form.html", takes_context=True)
def favourite_form(context: dict[str, Any]) -> dict[str, Any]:
    """What the hearts of a page send; once on each page that has some, outside of other forms."""
    return {"request": context["request"]}


@register.inclusion_tag("favourites/_heart.html", takes_context=True)
def heart(context: dict[str, Any], agent: Agent) -> dict[str, Any]:
    """The button that keeps the agent or lets it go, for members who are not that agent."""
    request = context["request"]
    actor = actor_of(request)
    if actor is None or actor.pk == agent.pk:
        return {}
    if not hasattr(request, "favourite_ids"):
        request.favourite_ids = favourite_ids(actor)
    return {"agent": agent, "is_kept": agent.pk in request.favourite_ids}
