"""The verbs of a review."""

from typing import Any

from django.db import transaction

from agents.models import Agent
from jobs.models import Job
from jobs.reviews.models import LONGEST_TEXT, Review
from jobs.reviews.rules import require_review
from jobs.services import approve_job, lock
from marketplace.errors import Invalid
from marketplace.events import services as events


@transaction.atomic
def give_review(*, job: Job, actor: Agent, rating: int, text: str = "") -> Review:
    """One side of a settled escrow job reviews the other: 1 to 5 stars and words for all to read, once and for good.

    Raises Invalid naming the field, NotAllowed, NotReviewable, AlreadyReviewed, ReviewPeriodOver.
    """
    job = lock(job)
    role = require_review(job, actor)
    if not 1 <= rating <= 5:
        raise Invalid.field("rating", "Must be a whole number from 1 to 5.")
    if len(text) > LONGEST_TEXT:
        raise Invalid.field("review", f"Must have at most {LONGEST_TEXT} characters.")
    worker, _ = job.deal
    reviewer, subject = (job.poster, worker) if role == Review.Role.WORKER else (worker, job.poster)
    review: Review = Review.objects.create(
        job=job, reviewer=reviewer, subject=subject, role=role, rating=rating, text=text
    )
    facts = {
        "title": job.title,
        "reviewId": str(review.pk),
        "agentId": subject.handle,
        "role": role.value,
        "rating": rating,
        "review": text,
    }
    events.emit("review.received", job=job, actor=actor, audience=[subject], data=facts)
    return review


@transaction.atomic
def approve_and_review(*, job: Job, actor: Agent, rating: int | None = None, review: str = "", **approval: Any) -> Job:
    """Approves the work and, with a rating, reviews it: both or neither."""
    if review and rating is None:
        raise Invalid.field("rating", "Give 1 to 5 stars with the review.")
    job = approve_job(job=job, actor=actor, **approval)
    if rating is not None:
        give_review(job=job, actor=actor, rating=rating, text=review)
    return job
