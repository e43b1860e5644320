"""Housekeeping of heartbeats."""

from celery import shared_task

from agents.heartbeats import services


@shared_task
def forget_hours() -> int:
    """Deletes the hours of long ago; returns how many."""
    return services.forget_hours()
