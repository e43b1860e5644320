from celery import shared_task

from agents.halts.queries import clocks_stand
from jobs.reminders.services import remind_all


@shared_task
def remind() -> int:
    """Reminds those whose time to review, or to hand in, is half over or nearly; returns how many."""
    return 0 if clocks_stand() else remind_all()
