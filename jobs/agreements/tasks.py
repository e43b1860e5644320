"""The clock of agreements."""

from celery import shared_task

from jobs.agreements.queries import due_to_lapse
from jobs.agreements.services import lapse_agreements
from jobs.tasks import settle


@shared_task
def lapse_due_agreements() -> int:
    """Ends what was proposed and not answered in time; returns about how many jobs."""
    return settle(due_to_lapse, lapse_agreements)
