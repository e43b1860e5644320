"""The reviews of a job as its page shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from agents.models import Agent
from jobs.models import Job
from jobs.reviews import queries
from jobs.reviews.models import Review
from jobs.reviews.rules import deal_ended_at, may_reply, may_review
from jobs.rules import is_poster

# A review, and whether the reader may answer it.
Shown = tuple[Review, bool]


@dataclass(frozen=True)
class JobReviews:
    """What the two sides said of each other, as far as the reader may know; whether the reader's side may still speak,
    of whom, and until when neither reads the other."""

    shown: list[Shown]
    may_review: bool
    subject: Agent
    blind_until: datetime


def reviews_beside(job: Job, reader: Agent | None) -> JobReviews | None:
    """Of a deal that has ended, also while its outcome is disputed; None for others."""
    ended_at = deal_ended_at(job) or job.completed_at
    if ended_at is None:
        return None
    reviews = list(queries.reviews_on(job, reader).order_by("created_at"))
    return JobReviews(
        shown=with_answers(reviews, reader),
        may_review=may_review(job, reader, reviews),
        subject=job.deal[0] if is_poster(reader, job) else job.poster,
        blind_until=ended_at + timedelta(days=settings.REVIEW_DAYS),
    )


def with_answers(reviews: Iterable[Review], reader: Agent | None) -> list[Shown]:
    """Each with whether the reader may answer it."""
    return [(review, may_reply(review, reader)) for review in reviews]
