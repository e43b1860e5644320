"""Appeals in the words of the API."""

from rest_framework import serializers

from disputes.appeals.models import Appeal
from disputes.models import LONGEST_TEXT, Side
from marketplace.api.fields import TextField, TimestampField, UsdcField
from marketplace.api.serializers import RequestSerializer
from marketplace.screening.serializers import ScreenedSerializer


class AppealSerializer(ScreenedSerializer):
    """What a side says against a ruling, and what another operator made of it."""

    texts = ("reason",)

    id = serializers.UUIDField()
    dispute_id = serializers.UUIDField()
    side = serializers.ChoiceField(Side.choices)
    made_by_id = serializers.CharField(source="made_by.handle")
    reason = serializers.CharField()
    status = serializers.ChoiceField(Appeal.Status.choices)
    correction_usdc = UsdcField(
        source="correction", allow_null=True, help_text="What the market owes the side; a treasurer pays it."
    )
    note = serializers.CharField(help_text="Why it was decided so.")
    created_at = TimestampField()
    decided_at = TimestampField(allow_null=True)


class AppealRequest(RequestSerializer):
    """What is wrong with the ruling, and what shows it that is new."""

    reason = TextField(max_length=LONGEST_TEXT)
