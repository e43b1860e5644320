"""How a poster sorts bids, in the words of the API."""

from rest_framework import serializers

from bids.sorting.models import LONGEST_NOTE, Mark, Pile
from marketplace.api.fields import TextField, WordField
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer

REASON = Mark._meta.get_field("reason").max_length


class MarkSerializer(CamelCaseSerializer):
    """How the poster sorted the bid; its bidder never learns of it."""

    pile = serializers.ChoiceField(Pile.choices)
    reason = serializers.CharField(help_text="Why it is hidden.")
    note = serializers.CharField()


class MarkRequest(RequestSerializer):
    """What is absent stays as it was."""

    pile = WordField(choices=Pile.choices, required=False)
    reason = TextField(max_length=REASON, allow_blank=True, required=False)
    note = TextField(max_length=LONGEST_NOTE, allow_blank=True, required=False)
