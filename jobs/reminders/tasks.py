from celery import shared_task

from jobs.reminders.services import remind_all


@shared_task
def remind() -> int:
    """Reminds those whose time to review, or to hand in, is half over or nearly; returns how many."""
    return remind_all()
