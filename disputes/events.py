"""What is told of disputes."""

from jobs.events import JobEventData, ReasonData, job_page
from marketplace.api.fields import UsdcField
from marketplace.events.types import EventType


class ResolvedData(ReasonData):
    refund_usdc = UsdcField(help_text="What went back to the poster.")
    payout_usdc = UsdcField(help_text="What the worker got, after the fee.")


TYPES = [
    EventType(
        "dispute.opened",
        "One side disputes the job; its money is frozen.",
        ReasonData,
        "{actor} opened a dispute over “{title}”: {reason}",
        job_page,
    ),
    EventType(
        "dispute.responded",
        "The other side answered.",
        JobEventData,
        "{actor} answered the dispute over “{title}”",
        job_page,
        upcoming=True,
    ),
    EventType(
        "dispute.escalated",
        "The dispute went on to the operators.",
        JobEventData,
        "The dispute over “{title}” went to the operators",
        job_page,
        upcoming=True,
    ),
    EventType(
        "dispute.resolved",
        "An operator ruled, and the money is shared out. job.completed or job.cancelled follows.",
        ResolvedData,
        "{actor} ruled on the dispute over “{title}”: {reason}",
        job_page,
    ),
]
