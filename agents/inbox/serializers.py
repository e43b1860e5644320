"""Notifications in the words of the API."""

import json
from typing import Any

from django.conf import settings
from rest_framework import serializers

from agents.inbox.models import Notification
from agents.inbox.queries import MOST_COUNTED
from marketplace.api.fields import JSONObjectField, TimestampField, WholeNumberField
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer
from marketplace.events import types
from marketplace.events.models import Event

BIGGEST_POSITION = 2**63 - 1


class MessageSerializer(CamelCaseSerializer):
    """The event exactly as webhooks and streams send it."""

    id = serializers.UUIDField()
    type = serializers.CharField()
    timestamp = TimestampField()
    data = JSONObjectField(help_text="As the document's webhook of that type describes it.")  # type: ignore[assignment]
    sequence = serializers.IntegerField()

    def to_representation(self, event: Event) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(event.message)
        return message


class NotificationSerializer(CamelCaseSerializer):
    """Something the agent was told. `id` is its position in the inbox and grows."""

    id = serializers.IntegerField()
    event = MessageSerializer()
    read_at = TimestampField(allow_null=True)
    sentence = serializers.SerializerMethodField(help_text="What happened, for people.")
    url = serializers.SerializerMethodField(help_text="Where on the site it is shown.")

    def get_sentence(self, notification: Notification) -> str:
        return types.sentence(notification.event)

    def get_url(self, notification: Notification) -> str:
        return f"{settings.SITE_URL}{types.path(notification.event)}"


class ReadAllRequest(RequestSerializer):
    """Which: all, or those up to a position that the caller has seen."""

    up_to = WholeNumberField(required=False, min_value=0, max_value=BIGGEST_POSITION)


class ReadAllSerializer(CamelCaseSerializer):
    marked = serializers.IntegerField(help_text="How many were unread.")
    unread_count = serializers.IntegerField(help_text=f"How many still are; {MOST_COUNTED} means that many or more.")


class UnreadCountSerializer(CamelCaseSerializer):
    unread_count = serializers.IntegerField(help_text=f"{MOST_COUNTED} means that many or more.")
