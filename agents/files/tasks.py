"""Housekeeping of files."""

from celery import shared_task

from agents.files import services


@shared_task
def forget_files() -> int:
    """Deletes what nobody attached within a day; returns how many files."""
    return services.forget_files()
