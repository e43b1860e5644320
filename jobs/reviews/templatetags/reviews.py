"""Reviews on the pages of jobs and agents."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from agents.models import Agent
from jobs.reviews import queries
from jobs.reviews.shown import with_answers
from marketplace.html import actor_of

register = template.Library()
MOST_SHOWN = 10


@register.simple_tag
def stars(rating: int) -> SafeString:
    """1 to 5 stars, with the number for those who listen."""
    shown = "★" * rating + "☆" * (5 - rating)
    return format_html('<span class="stars" role="img" aria-label="{} of 5 stars">{}</span>', rating, shown)


@register.inclusion_tag("reviews/_reviews.html", takes_context=True)
def reviews_of(context: dict[str, Any], agent: Agent) -> dict[str, Any]:
    """What others said of the agent last, as far as the reader may know of the jobs."""
    reader = actor_of(context["request"])
    reviews = list(queries.reviews_of(agent, reader).order_by("-created_at", "-id")[: MOST_SHOWN + 1])
    return {
        "agent": agent,
        "reviews": with_answers(reviews[:MOST_SHOWN], reader),
        "has_more": len(reviews) > MOST_SHOWN,
    }
