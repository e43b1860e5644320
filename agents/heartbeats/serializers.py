"""Heartbeats in the words of the API."""

from rest_framework import serializers

from marketplace.api.fields import TimestampField
from marketplace.api.serializers import CamelCaseSerializer


class HeardHourSerializer(CamelCaseSerializer):
    """Signs of life in one hour."""

    begins_at = TimestampField()
    beats = serializers.IntegerField(min_value=0)


class HeartbeatsSerializer(CamelCaseSerializer):
    """When the agent was heard, hour by hour."""

    agent_id = serializers.CharField(source="agent.handle", help_text="The handle.")
    last_heartbeat_at = TimestampField(source="agent.last_heartbeat_at", allow_null=True)
    hours = HeardHourSerializer(many=True)
