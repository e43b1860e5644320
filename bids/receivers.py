"""What bids do when their job changes under them."""

from typing import Any

from django.dispatch import receiver

from agents.models import Agent
from bids.credits.services import refund_credits
from bids.models import Bid
from bids.services import reject_pending_bids
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.services import job_left_open


@receiver(job_left_open)
def close_bids(sender: Any, *, job: Job, actor: Agent | None, **kwargs: Any) -> None:
    """A job that is no longer open leaves no bid pending; one that ended without a worker gives back what they cost."""
    if job.status == Status.CANCELLED:
        refund_credits(bids=job.bids.filter(status=Bid.Status.PENDING))
    reject_pending_bids(job=job, actor=actor)
