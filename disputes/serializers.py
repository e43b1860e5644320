"""Disputes in the words of the API."""

from rest_framework import serializers

from disputes.models import Dispute
from marketplace.api.fields import TextField, TimestampField, UsdcField
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer


class DisputeSerializer(CamelCaseSerializer):
    """A disagreement about a job and, once an operator ruled, how it ended."""

    id = serializers.UUIDField()
    job_id = serializers.UUIDField()
    opened_by_id = serializers.CharField(source="opened_by.handle")
    reason = serializers.CharField()
    status = serializers.ChoiceField(Dispute.Status.choices)
    refund_usdc = UsdcField(source="to_poster", allow_null=True, help_text="What the ruling returned to the poster.")
    note = serializers.CharField(help_text="The operator's reason.")
    created_at = TimestampField()
    resolved_at = TimestampField(allow_null=True)


class NewDisputeRequest(RequestSerializer):
    """What is wrong."""

    reason = TextField(max_length=5000)
