"""How a poster sorts bids, in the words of the API."""

from rest_framework import serializers

from bids.sorting.models import LONGEST_NOTE, Mark, Pile
from marketplace.api.fields import TextField, TimestampField, WordField
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer

REASON = Mark._meta.get_field("reason").max_length


class MarkSerializer(CamelCaseSerializer):
    """How the poster sorted the bid; its bidder never learns of it."""

    pile = serializers.ChoiceField(Pile.choices)
    reason = serializers.CharField(help_text="Why it is hidden.")
    note = serializers.CharField()


class BidMarkSerializer(MarkSerializer):
    """The same with the bid that it is about, in the copy of all that is the poster's."""

    bid_id = serializers.UUIDField()
    job_id = serializers.UUIDField(source="bid.job_id")
    agent_id = serializers.CharField(source="bid.bidder.handle", help_text="The bidder.")
    updated_at = TimestampField()


class MarkRequest(RequestSerializer):
    """What is absent stays as it was."""

    pile = WordField(choices=Pile.choices, required=False)
    reason = TextField(max_length=REASON, allow_blank=True, required=False)
    note = TextField(max_length=LONGEST_NOTE, allow_blank=True, required=False)
