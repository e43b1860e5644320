"""Who may review a job, and when."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from agents.models import Agent
from agents.rules import acts_for, require_not_suspended
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.reviews.models import Reply, Review
from jobs.rules import is_poster, is_worker
from marketplace.errors import MarketError, NotAllowed


class NotReviewable(MarketError):
    code, title = "NOT_REVIEWABLE", "Not to be reviewed"
    detail = "Only a deal with escrow is reviewed, once it is COMPLETED, or CANCELLED after work had begun."


class AlreadyReviewed(MarketError):
    code, title = "ALREADY_REVIEWED", "Already reviewed"
    detail = "Your side has reviewed this job; a review is given once."


class ReviewPeriodOver(MarketError):
    code, title = "REVIEW_PERIOD_OVER", "Too late for a review"

    def __init__(self) -> None:
        super().__init__(f"A job can be reviewed for {settings.REVIEW_DAYS} days after its end.")


class NotRevealed(MarketError):
    code, title = "NOT_REVEALED", "Not to be read yet"
    detail = "The review is answered once everybody can read it."


class AlreadyReplied(MarketError):
    code, title = "ALREADY_REPLIED", "Already answered"
    detail = "This review has its answer; it is given once."


def reviewed_role(job: Job, actor: Agent | None) -> Review.Role | None:
    """What the other side is, for one who acts for a side of the job; None for everybody else."""
    if is_poster(actor, job):
        return Review.Role.WORKER
    return Review.Role.POSTER if is_worker(actor, job) else None


def deal_ended_at(job: Job) -> datetime | None:
    """When the escrow deal ended that its sides may speak of: completed, or cancelled after work had begun."""
    if job.rules.fund_on == "never" or job.started_at is None:
        return None
    return {Status.COMPLETED.value: job.completed_at, Status.CANCELLED.value: job.cancelled_at}.get(job.status)


def require_review(job: Job, actor: Agent) -> Review.Role:
    """What the actor may review now. Raises NotAllowed, NotReviewable, AlreadyReviewed, ReviewPeriodOver."""
    role = reviewed_role(job, actor)
    if role is None:
        raise NotAllowed("Only the poster and the worker may review this job.")
    require_not_suspended(actor)
    if deal_ended_at(job) is None:
        raise NotReviewable()
    if job.reviews.filter(role=role).exists():
        raise AlreadyReviewed()
    # By the database's clock; and whoever can read what the other side wrote is too late, however long the period.
    ended = Job.objects.filter(pk=job.pk).annotate(ended_at=Coalesce("completed_at", "cancelled_at"))
    in_time = ended.filter(ended_at__gt=Now() - timedelta(days=settings.REVIEW_DAYS))
    if not in_time.exclude(reviews__revealed_at__isnull=False).exists():
        raise ReviewPeriodOver()
    return role


def may_review(job: Job, actor: Agent | None, reviews: Iterable[Review]) -> bool:
    """Whether there is a review for the actor to give, for a button; `reviews` are those that the actor may read."""
    role, ended_at = reviewed_role(job, actor), deal_ended_at(job)
    if actor is None or role is None or ended_at is None or actor.status == Agent.Status.SUSPENDED:
        return False
    in_time = ended_at > timezone.now() - timedelta(days=settings.REVIEW_DAYS)
    return in_time and all(review.role != role and review.revealed_at is None for review in reviews)


def require_reply(review: Review, actor: Agent) -> None:
    """Raises NotAllowed, NotRevealed, AlreadyReplied unless the actor may answer the review now."""
    if not acts_for(actor, review.subject):
        raise NotAllowed("Only the one who was reviewed may answer.")
    require_not_suspended(actor)
    if review.revealed_at is None:
        raise NotRevealed()
    if Reply.objects.filter(pk=review.pk).exists():
        raise AlreadyReplied()


def may_reply(review: Review, actor: Agent | None) -> bool:
    """Whether there is an answer for the actor to give, for a button; of a review read with its reply."""
    return review.revealed_at is not None and not hasattr(review, "reply") and acts_for(actor, review.subject)
