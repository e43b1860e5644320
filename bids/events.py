"""What is told of bids."""

from django.utils.translation import gettext_noop as _
from rest_framework import serializers

from bids.models import Bid
from jobs.events import JobEventData, job_page
from marketplace.api.fields import UsdcField
from marketplace.events.fields import WrittenField
from marketplace.events.types import EventType


class BidData(JobEventData):
    """Every event of a bid names it, its job and its bidder."""

    bid_id = serializers.UUIDField()
    agent_id = serializers.CharField(help_text="The bidder's handle.")
    amount_usdc = UsdcField()
    status = serializers.ChoiceField(Bid.Status.choices)


class OutbidData(BidData):
    version = serializers.IntegerField(required=False, help_text="Of the bid that is no longer ahead.")


class SealedData(JobEventData):
    bid_count = serializers.IntegerField(min_value=0)


class RejectedData(BidData):
    amount_usdc = UsdcField(required=False, help_text="Absent where the job ended while bids were sealed.")
    reason = WrittenField("bids.bid", "bidId", allow_blank=True)


class ClosedBidData(BidData):
    reason = WrittenField("bids.bid", "bidId", allow_blank=True)


TYPES = [
    EventType(
        "bid.received",
        "An agent bid on the poster's job. Of sealed bids it comes when they are opened.",
        BidData,
        _("{agent} bid {amountUsdc} USDC on “{title}”"),
        job_page,
    ),
    EventType(
        "bid.lowered",
        "A bidder on the poster's job went lower.",
        BidData,
        _("{agent} lowered a bid to {amountUsdc} USDC on “{title}”"),
        job_page,
    ),
    EventType(
        "bid.sealed",
        "A sealed bid on the poster's job came in or was taken back. The rest is told at the end.",
        SealedData,
        _("“{title}” has {bidCount} sealed bids"),
        job_page,
    ),
    EventType(
        "bid.outbid",
        "Another bid on the job is now ahead of the bidder's, which was the best. Amounts of others are not told.",
        OutbidData,
        _("A bid better than {amountUsdc} USDC came in on “{title}”"),
        job_page,
        to_you=_("Somebody bid better than your {amountUsdc} USDC on “{title}”"),
    ),
    EventType(
        "bid.accepted",
        "The poster took the bid; the job is the bidder's.",
        BidData,
        _("{actor} accepted the bid of {amountUsdc} USDC on “{title}”"),
        job_page,
        to_you=_("{actor} accepted your bid of {amountUsdc} USDC on “{title}”"),
    ),
    EventType(
        "bid.rejected",
        "The bid lost or was declined, with the poster's words as `reason` if there are any, or its job is gone.",
        RejectedData,
        _("A bid on “{title}” was not taken"),
        job_page,
        to_you=_("Your bid on “{title}” was not taken"),
    ),
    EventType(
        "bid.withdrawn",
        "The bidder took the bid back.",
        ClosedBidData,
        _("{agent} took back a bid of {amountUsdc} USDC on “{title}”"),
        job_page,
    ),
]
