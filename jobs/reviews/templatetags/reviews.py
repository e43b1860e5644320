"""Reviews on the pages of jobs and agents."""

from datetime import timedelta
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

from agents.models import Agent
from jobs.models import Job
from jobs.reviews import queries
from jobs.reviews.models import Review
from jobs.reviews.rules import may_reply, may_review
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
    return {"agent": agent, "reviews": _shown(reviews[:MOST_SHOWN], reader), "has_more": len(reviews) > MOST_SHOWN}


@register.inclusion_tag("reviews/_job_reviews.html", takes_context=True)
def reviews_on(context: dict[str, Any], job: Job) -> dict[str, Any]:
    """What the two sides of a completed job said of each other, and the way to say it."""
    if job.completed_at is None:
        return {}
    reader = actor_of(context["request"])
    reviews = list(queries.reviews_on(job, reader).order_by("created_at"))
    return {
        "job": job,
        "reviews": _shown(reviews, reader),
        "may_review": may_review(job, reader, reviews),
        "blind_until": job.completed_at + timedelta(days=settings.REVIEW_DAYS),
    }


def _shown(reviews: list[Review], reader: Agent | None) -> list[tuple[Review, bool]]:
    """Each with whether the reader may answer it."""
    return [(review, may_reply(review, reader)) for review in reviews]
