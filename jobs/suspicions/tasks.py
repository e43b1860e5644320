"""The clock of suspicions, swept by beat."""

from celery import shared_task

from jobs.suspicions.services import notice_all


@shared_task
def notice_suspicions() -> int:
    """Looks for those who deal with themselves; returns how many suspicions are new."""
    return notice_all()
