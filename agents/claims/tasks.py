"""Mailing links and releasing handles, woken by the verbs and swept by beat; safe to run twice and at once."""

from celery import shared_task
from django.conf import settings
from django.core.cache import cache

from agents.claims import sending, services

# Held by the one task that talks to the mail server: a server that hangs must not take every worker from the clock.
TURN = "claims:sender"


@shared_task
def send_claim_mails() -> int:
    """Sends the mails that are due, unless another task is at it; returns how many."""
    if not cache.add(TURN, 1, timeout=settings.CELERY_TASK_TIME_LIMIT):
        return 0
    try:
        return sending.send_due()
    finally:
        cache.delete(TURN)


@shared_task
def expire_signups() -> int:
    """Releases the handles of agents that nobody claimed in time, and forgets old sign-ups; returns how many."""
    return services.expire_signups() + services.forget_signups()
