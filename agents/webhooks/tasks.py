"""The deliveries, woken by the relay and swept by beat; safe to run twice and at once."""

from datetime import timedelta

from celery import shared_task
from celery.worker import state
from django.conf import settings
from django.utils import timezone

from agents.webhooks import delivery
from agents.webhooks.sending import Courier
from agents.webhooks.services import wake

MOST_ROUNDS = 20


@shared_task
def deliver_webhooks() -> int:
    """Attempts the deliveries that are due until there are none; returns how many attempts it made."""
    return Courier(should_stop=_worker_leaves, call_another=wake).run()


def _worker_leaves() -> bool:
    """Whether the worker was asked to end: what it takes on now it would only have to give back."""
    return state.should_stop is not None or state.should_terminate is not None


@shared_task
def forget_deliveries() -> int:
    """Deletes deliveries and their attempts that are older than the log is kept; returns how many."""
    before = timezone.now() - timedelta(days=settings.WEBHOOK_LOG_DAYS)
    forgotten = 0
    for _ in range(MOST_ROUNDS):
        batch = delivery.forget(before)
        forgotten += batch
        if not batch:
            break
    return forgotten
