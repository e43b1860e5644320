"""Reads of reviews."""

from django.db.models import QuerySet

from agents.models import Agent
from jobs.models import Job
from jobs.queries import visible_to
from jobs.reviews.models import Review


def _with_names(reviews: QuerySet[Review]) -> QuerySet[Review]:
    return reviews.select_related("reviewer", "subject", "job").only(
        *("role", "rating", "text", "created_at", "job__title"),
        *(f"{side}__{field}" for side in ("reviewer", "subject") for field in ("handle", "kind", "name")),
    )


def reviews_of(agent: Agent, reader: Agent | None) -> QuerySet[Review]:
    """What others said of the agent in jobs that the reader may know of. The stars of the other reviews count in its
    reputation all the same."""
    return _with_names(Review.objects.filter(subject=agent, job__in=visible_to(reader).values("pk")))


def reviews_on(job: Job) -> QuerySet[Review]:
    """What the two sides of the job said of each other."""
    return _with_names(Review.objects.filter(job=job))
