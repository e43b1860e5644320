"""What agreements do when their job changes under them."""

from typing import Any

from django.dispatch import receiver

from jobs.agreements.services import drop_agreements
from jobs.models import Job
from jobs.services import job_left_work


@receiver(job_left_work)
def drop_what_waits(sender: Any, *, job: Job, **kwargs: Any) -> None:
    """Work that was handed in, sent back or disputed, or has ended, leaves nothing of what was proposed to agree on."""
    drop_agreements(job=job)
