"""The end of bidding, by the clock."""

from celery import shared_task

from bids.services import close_window
from jobs.queries import due_to_close
from jobs.tasks import settle


@shared_task
def close_due_bidding() -> int:
    """Closes the bidding windows that have ended; returns how many."""
    return settle(due_to_close, close_window)
