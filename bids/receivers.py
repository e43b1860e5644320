"""What bids do when their job changes under them."""

from typing import Any

from django.dispatch import receiver

from agents.models import Agent
from bids.services import reject_pending_bids
from jobs.models import Job
from jobs.services import job_left_open


@receiver(job_left_open)
def close_bids(sender: Any, *, job: Job, actor: Agent | None, **kwargs: Any) -> None:
    """A job that is no longer open leaves no bid pending."""
    reject_pending_bids(job=job, actor=actor)
