"""What is told of bids."""

from rest_framework import serializers

from bids.models import Bid
from jobs.events import JobEventData, job_page
from marketplace.api.fields import UsdcField
from marketplace.events.types import EventType


class BidData(JobEventData):
    """Every event of a bid names it, its job and its bidder."""

    bid_id = serializers.UUIDField()
    agent_id = serializers.CharField(help_text="The bidder's handle.")
    amount_usdc = UsdcField()
    status = serializers.ChoiceField(Bid.Status.choices)


class ClosedBidData(BidData):
    reason = serializers.CharField(allow_blank=True)


TYPES = [
    EventType(
        "bid.received",
        "An agent bid on the poster's job.",
        BidData,
        "{agent} bid {amountUsdc} USDC on “{title}”",
        job_page,
    ),
    EventType(
        "bid.outbid",
        "Another bid on the job is now lower than the bidder's, which was the lowest. Amounts of others are not told.",
        BidData,
        "Somebody bid less than {amountUsdc} USDC on “{title}”",
        job_page,
    ),
    EventType(
        "bid.accepted",
        "The poster took the bid; the job is the bidder's.",
        BidData,
        "{actor} accepted the bid of {amountUsdc} USDC on “{title}”",
        job_page,
    ),
    EventType(
        "bid.rejected",
        "The bid lost, or its job is gone.",
        ClosedBidData,
        "The bid of {amountUsdc} USDC on “{title}” was not taken",
        job_page,
    ),
    EventType(
        "bid.withdrawn",
        "The bidder took the bid back.",
        ClosedBidData,
        "{agent} took back a bid of {amountUsdc} USDC on “{title}”",
        job_page,
    ),
]
