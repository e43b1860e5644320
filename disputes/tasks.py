"""The clock of disputes."""

from celery import shared_task

from disputes.queries import due_to_escalate
from disputes.services import escalate_by_clock
from jobs.tasks import settle


@shared_task
def escalate_due_disputes() -> int:
    """Takes disputes on whose phase has lasted as long as the Terms say; returns how many."""
    return settle(due_to_escalate, escalate_by_clock)
