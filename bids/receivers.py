"""What bids do when their job changes under them."""

from typing import Any

from django.conf import settings
from django.dispatch import receiver

from agents.models import Agent
from agents.services import agent_barred
from bids.credits.services import refund_credits
from bids.models import Bid
from bids.services import reject_pending_bids, withdraw_bid
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.services import job_called_off, job_counted_on, job_left_open


@receiver(job_left_open)
def close_bids(sender: Any, *, job: Job, actor: Agent | None, **kwargs: Any) -> None:
    """A job that is no longer open leaves no bid pending."""
    reject_pending_bids(job=job, actor=actor)


@receiver(job_counted_on)
def bidders_of(sender: Any, *, job: Job, **kwargs: Any) -> list[Agent]:
    """Who has bid on what the job said, and waits."""
    pending = job.bids.filter(status=Bid.Status.PENDING).select_related("bidder").order_by("pk")
    return [bid.bidder for bid in pending]


@receiver(job_called_off)
def give_credits_back(sender: Any, *, job: Job, how: str, **kwargs: Any) -> None:
    """A job that came to nothing gives back what its bids cost, but for those that were taken back before."""
    if how in settings.BID_CREDIT_REFUNDS:
        refund_credits(bids=job.bids.exclude(status=Bid.Status.WITHDRAWN))


@receiver(agent_barred)
def take_back_bids(sender: Any, *, agent: Agent, reason: str, **kwargs: Any) -> None:
    """Nobody hires who may not act."""
    pending = Bid.objects.filter(bidder=agent, status=Bid.Status.PENDING, job__status=Status.OPEN)
    for bid in pending.select_related("job", "bidder").order_by("job_id"):
        withdraw_bid(bid=bid, actor=agent, reason=reason)
