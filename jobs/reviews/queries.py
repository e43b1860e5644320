"""Reads of reviews."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from agents.models import Agent
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.queries import visible_to
from jobs.reviews.models import Reply, Review
from marketplace.errors import NotFound
from marketplace.screening.queries import with_flags


def with_names(reviews: QuerySet[Review]) -> QuerySet[Review]:
    """The reviews with whom they name, their replies and what screening found in either."""
    shown = ("handle", "kind", "name", "owner", "avatar")
    sides = [f"{side}__{field}" for side in ("reviewer", "subject") for field in shown]
    fields = ("role", "rating", "text", "created_at", "revealed_at", "job__title")
    reply = Prefetch("reply", with_flags(Reply.objects.all()))
    return with_flags(
        reviews.select_related("reviewer", "subject", "job").prefetch_related(reply).only(*fields, *sides)
    )


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
    return with_names(readable(known, reader))


def reviews_on(job: Job, reader: Agent | None) -> QuerySet[Review]:
    """What the reader may read of what the two sides of the job said of each other."""
    return with_names(readable(Review.objects.filter(job=job), reader))


def find_review(identifier: str | UUID, reader: Agent | None) -> Review:
    """The review, if the reader may read it. Raises NotFound, the same for missing and hidden ones."""
    known = readable(Review.objects.filter(job__in=visible_to(reader).values("pk")), reader)
    try:
        review = with_names(known).filter(pk=UUID(str(identifier))).first()
    except ValueError:
        review = None
    if review is None:
        raise NotFound("There is no review with that id.")
    return review


def to_review(hand: Collection[UUID]) -> QuerySet[Job]:
    """Jobs of these agents that ended, and whose other side they may review still."""
    since = Now() - timedelta(days=settings.REVIEW_DAYS)
    ended = Q(status=Status.COMPLETED, completed_at__gt=since) | Q(status=Status.CANCELLED, cancelled_at__gt=since)
    given = Review.objects.filter(job=OuterRef("pk"))
    of_worker, of_poster = given.filter(role=Review.Role.WORKER), given.filter(role=Review.Role.POSTER)
    mine = Q(poster__in=hand) & ~Exists(of_worker) | Q(worker__in=hand) & ~Exists(of_poster)
    jobs = Job.objects.filter(ended, mine, started_at__isnull=False).exclude(terms__fund_on="never")
    return jobs.exclude(Exists(given.filter(revealed_at__isnull=False)))


def due_to_reveal() -> QuerySet[Job]:
    """Jobs with a review that waits for the other side's, which can come no more by the database's clock."""
    blind = Review.objects.filter(revealed_at=None).values("job")
    over = Now() - timedelta(days=settings.REVIEW_DAYS)
    ended = Job.objects.annotate(ended_at=Coalesce("completed_at", "cancelled_at"))
    return ended.filter(pk__in=blind, ended_at__lte=over).order_by("ended_at")
