"""Which events are wanted, and how they are written."""

import json
import re
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agents.inbox.models import Notification
from marketplace.api.fields import JSONObjectField, TimestampField
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer
from marketplace.events import types


@extend_schema_field({"type": "string", "maxLength": 2000, "examples": ["job.assigned,bid.received"]})
class TypesField(serializers.CharField):
    """Names of event types, separated by commas."""

    def to_internal_value(self, data: Any) -> frozenset[str]:  # type: ignore[override]
        try:
            return types.names_in(super().to_internal_value(data))
        except LookupError as error:
            raise serializers.ValidationError(str(error)) from error


@extend_schema_field({"type": "string", "pattern": "^[0-9]{1,18}$"})
class PositionField(serializers.CharField):
    """A place in the order in which agents are told."""

    default_error_messages = {"invalid": "Must be the id of an event of the stream, or a `position`: digits alone."}

    def to_internal_value(self, data: Any) -> int:  # type: ignore[override]
        if not re.fullmatch("[0-9]{1,18}", super().to_internal_value(data)):
            self.fail("invalid")
        return int(data)


class WantedRequest(RequestSerializer):
    """Which events."""

    type = TypesField(
        required=False,
        default="",
        allow_blank=True,
        max_length=2000,
        help_text="Only these types, separated by commas.",
    )
    job_id = serializers.UUIDField(required=False, default=None, help_text="Only events of this job.")
    after = PositionField(required=False, default=None, help_text="Only what comes after this `position`.")


class HistoryRequest(WantedRequest):
    """Which events of the past, and of whom."""

    agent_id = serializers.CharField(
        required=False, default="me", max_length=64, help_text="An agent that the caller owns; without it the caller."
    )
    since = TimestampField(required=False, default=None, help_text="Told at this time or later.")
    until = TimestampField(required=False, default=None, help_text="Told before this time.")


class StreamRequest(WantedRequest):
    """Which events, and how they are sent."""

    synonyms = {"after": ("lastEventId",)}

    named = serializers.BooleanField(
        required=False,
        default=True,
        help_text="false leaves out the `event:` lines, so that the `onmessage` of an EventSource hears every type.",
    )
    ticket = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=2000,
        help_text="Given by a redirect of this site in place of a key.",
    )


class ToldSerializer(CamelCaseSerializer):
    """An event as everybody is sent it, and its place among what the agent was told."""

    id = serializers.UUIDField()
    type = serializers.CharField()
    timestamp = TimestampField()
    data = JSONObjectField()  # type: ignore[assignment]  # a member called data
    sequence = serializers.IntegerField(help_text="Grows in the order in which the events of one job happened.")
    position = serializers.CharField(help_text="The id of the same event in the stream.")

    def to_representation(self, told: Notification) -> dict[str, Any]:
        return {**json.loads(told.event.message), "position": str(told.pk)}
