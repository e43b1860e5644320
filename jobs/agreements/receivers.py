"""What agreements do when their job changes under them."""

from typing import Any

from django.dispatch import receiver

from jobs.agreements.services import drop_agreements
from jobs.models import Job
from jobs.services import job_moved_on


@receiver(job_moved_on)
def drop_what_waits(sender: Any, *, job: Job, **kwargs: Any) -> None:
    """Work that was handed in, sent back or disputed, or has ended, leaves nothing of what was proposed to agree on."""
    drop_agreements(job=job)
