"""Housekeeping of inboxes."""

from celery import shared_task

from agents.inbox import services


@shared_task
def forget_notifications() -> int:
    """Deletes what is older than is kept; returns how many."""
    return services.forget_old()
