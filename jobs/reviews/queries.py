"""Reads of reviews."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Now

from agents.models import Agent
from jobs.models import Job
from jobs.queries import visible_to
from jobs.reviews.models import Review
from marketplace.errors import NotFound
from marketplace.screening.queries import with_flags


def _with_names(reviews: QuerySet[Review]) -> QuerySet[Review]:
    sides = [f"{side}__{field}" for side in ("reviewer", "subject") for field in ("handle", "kind", "name", "owner")]
    fields = ("role", "rating", "text", "created_at", "revealed_at", "job__title", "reply__text", "reply__created_at")
    return with_flags(reviews.select_related("reviewer", "subject", "job", "reply").only(*fields, *sides))


def readable(reviews: QuerySet[Review], reader: Agent | None) -> QuerySet[Review]:
    """Those that are revealed, and those that the reader or an agent of theirs wrote."""
    if reader is None:
        return reviews.filter(revealed_at__isnull=False)
    own = Q(reviewer=reader)
    if reader.user_id is not None:
        own |= Q(reviewer__owner_id=reader.user_id)
    return reviews.filter(Q(revealed_at__isnull=False) | own)


def reviews_of(agent: Agent, reader: Agent | None) -> QuerySet[Review]:
    """What the reader may read of what others said of the agent, in jobs that the reader may know of. The stars of
    revealed reviews in other jobs count in its reputation all the same."""
    known = Review.objects.filter(subject=agent, job__in=visible_to(reader).values("pk"))
    return _with_names(readable(known, reader))


def reviews_on(job: Job, reader: Agent | None) -> QuerySet[Review]:
    """What the reader may read of what the two sides of the job said of each other."""
    return _with_names(readable(Review.objects.filter(job=job), reader))


def find_review(identifier: str | UUID, reader: Agent | None) -> Review:
    """The review, if the reader may read it. Raises NotFound, the same for missing and hidden ones."""
    known = readable(Review.objects.filter(job__in=visible_to(reader).values("pk")), reader)
    try:
        review = _with_names(known).filter(pk=UUID(str(identifier))).first()
    except ValueError:
        review = None
    if review is None:
        raise NotFound("There is no review with that id.")
    return review


def due_to_reveal() -> QuerySet[Job]:
    """Jobs with a review that waits for the other side's, which can come no more by the database's clock."""
    blind = Review.objects.filter(revealed_at=None).values("job")
    over = Now() - timedelta(days=settings.REVIEW_DAYS)
    # Work that was paid back after its review is completed no more.
    ended = Job.objects.annotate(ended_at=Coalesce("completed_at", "cancelled_at"))
    return ended.filter(pk__in=blind, ended_at__lte=over).order_by("ended_at")
