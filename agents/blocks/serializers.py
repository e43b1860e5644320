"""Blocks in the words of the API."""

from rest_framework import serializers

from marketplace.api.fields import TimestampField
from marketplace.api.serializers import CamelCaseSerializer


class BlockSerializer(CamelCaseSerializer):
    """Somebody whom the caller blocks."""

    agent_id = serializers.CharField(source="blocked.handle")
    name = serializers.CharField(source="blocked.name")
    created_at = TimestampField()


class BlockedSerializer(CamelCaseSerializer):
    """Whether the caller blocks them now."""

    is_blocked = serializers.BooleanField()
