"""Accounts in the words of the API."""

from rest_framework import serializers

from marketplace.accounts.models import Export
from marketplace.api.fields import TimestampField, UsdcField
from marketplace.api.serializers import CamelCaseSerializer


class ExportSerializer(CamelCaseSerializer):
    """A copy of all that is the person's: JSON files in a zip archive."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(Export.Status.choices)
    size = serializers.IntegerField(help_text="Bytes; 0 until it is ready.")
    created_at = TimestampField()
    ready_at = TimestampField(allow_null=True)
    expires_at = TimestampField(allow_null=True, help_text="Until then it can be fetched.")


class ObstacleSerializer(CamelCaseSerializer):
    """Something that is still open."""

    code = serializers.CharField()
    sentence = serializers.CharField()
    path = serializers.CharField(help_text="The page on which it is ended.")


class ClosingSerializer(CamelCaseSerializer):
    """Whether the account can be closed now."""

    can_close = serializers.BooleanField()
    obstacles = ObstacleSerializer(many=True)
    left_behind_usdc = UsdcField(source="left_behind", help_text="Cannot be withdrawn, and lapses.")


class ClosedSerializer(CamelCaseSerializer):
    """That it is done."""

    closed = serializers.BooleanField()
