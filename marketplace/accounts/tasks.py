"""Copies of people's data; safe to run twice and at once."""

from celery import shared_task

from marketplace.accounts import services


@shared_task
def make_exports() -> int:
    """Makes every copy that somebody waits for; returns how many."""
    return services.make_due_exports()


@shared_task
def forget_exports() -> int:
    """Deletes copies that have expired; returns how many."""
    return services.forget_exports()
