"""Housekeeping of the statistics; what counts them is the relay."""

from celery import shared_task

from marketplace.statistics import services


@shared_task
def forget_durations() -> int:
    """Keeps the sample of durations small; returns how many were deleted."""
    return services.forget_durations()
