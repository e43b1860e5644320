"""Sending and forgetting, woken by the relay and swept by beat; safe to run twice and at once."""

from celery import shared_task
from django.conf import settings
from django.core.cache import cache

from agents.mail import sending, services

# Held by the one task that talks to the mail server: a server that hangs must not take every worker from the clock.
TURN = "mail:sender"


@shared_task
def send_letters() -> int:
    """Sends letters that are due, unless another task is at it; returns how many. The rest is for the next sweep."""
    if not cache.add(TURN, 1, timeout=settings.CELERY_TASK_TIME_LIMIT):
        return 0
    try:
        return sending.send_due()
    finally:
        cache.delete(TURN)


@shared_task
def forget_letters() -> int:
    """Deletes what ended long ago; returns how many."""
    return services.forget_letters()
