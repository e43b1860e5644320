"""Pictures that nobody has any more."""

from celery import shared_task

from agents.avatars.services import forget_orphans


@shared_task
def forget_avatars() -> int:
    """Deletes pictures that no agent has; returns how many."""
    return forget_orphans()
