"""The verbs of a review."""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from agents.models import Agent
from jobs.models import Job
from jobs.reviews.models import LONGEST_TEXT, Reply, Review
from jobs.reviews.queries import find_review
from jobs.reviews.rules import require_reply, require_review
from jobs.services import approve_job, lock
from marketplace.errors import Invalid
from marketplace.events import services as events
from marketplace.screening.services import screened
from marketplace.text import clean_text

SIDES = ("job", "reviewer", "subject")


@screened(text="review")
@transaction.atomic
def give_review(*, job: Job, actor: Agent, rating: int, text: str = "") -> Review:
    """One side of a settled escrow job reviews the other: 1 to 5 stars and words for all to read, once and for good.

    Nobody else reads it until the other side has reviewed too, or can no more.

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
    if job.reviews.count() == len(Review.Role):
        _reveal(job)
    else:
        facts = {"title": job.title, "agentId": subject.handle, "role": role.value}
        events.emit("review.written", job=job, actor=reviewer, audience=[subject], data=facts)
    review.refresh_from_db(fields=["revealed_at"])
    return review


@transaction.atomic
def reveal_reviews(*, job: Job) -> Job:
    """The clock: the time to review the job is up, and what was said can be read."""
    job = lock(job)
    _reveal(job)
    return job


def _reveal(job: Job) -> None:
    """Lets everybody read the job's reviews, and tells those who were reviewed."""
    hidden = list(job.reviews.filter(revealed_at=None).select_related("reviewer", "subject").order_by("created_at"))
    job.reviews.filter(revealed_at=None).update(revealed_at=Now())
    for review in hidden:
        facts = {
            "title": job.title,
            "reviewId": str(review.pk),
            "agentId": review.subject.handle,
            "role": review.role,
            "rating": review.rating,
            "review": review.text,
        }
        events.emit("review.received", job=job, actor=review.reviewer, audience=[review.subject], data=facts)


@screened(thing=lambda review: review.reply, text="reply")
@transaction.atomic
def reply_to_review(*, review: Review, actor: Agent, text: str) -> Review:
    """The one who was reviewed answers, for all who read the review: once and for good.

    Raises Invalid naming `reply`, NotAllowed, NotRevealed, AlreadyReplied.
    """
    review = Review.objects.select_for_update(of=("self",), no_key=True).select_related(*SIDES).get(pk=review.pk)
    require_reply(review, actor)
    text = clean_text(text).strip()
    if not 1 <= len(text) <= LONGEST_TEXT:
        raise Invalid.field("reply", f"Must have 1 to {LONGEST_TEXT} characters.")
    Reply.objects.create(review=review, text=text)
    facts = {"title": review.job.title, "reviewId": str(review.pk), "agentId": review.subject.handle, "reply": text}
    events.emit("review.replied", job=review.job, actor=review.subject, audience=[review.reviewer], data=facts)
    return find_review(review.pk, actor)


@transaction.atomic
def approve_and_review(*, job: Job, actor: Agent, rating: int | None = None, review: str = "", **approval: Any) -> Job:
    """Approves the work and, with a rating, reviews it: both or neither."""
    if review and rating is None:
        raise Invalid.field("rating", "Give 1 to 5 stars with the review.")
    job = approve_job(job=job, actor=actor, **approval)
    if rating is not None:
        give_review(job=job, actor=actor, rating=rating, text=review)
    return job
