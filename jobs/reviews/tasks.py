"""The clock of reviews."""

from celery import shared_task

from jobs.reviews.queries import due_to_reveal
from jobs.reviews.services import reveal_reviews
from jobs.tasks import settle


@shared_task
def reveal_due_reviews() -> int:
    """Lets everybody read the reviews whose other side has had its time; returns of how many jobs."""
    return settle(due_to_reveal, reveal_reviews)
