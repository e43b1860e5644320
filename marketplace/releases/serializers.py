"""Releases in the words of the API (WIRE 1.11)."""

from typing import Any

from rest_framework import serializers

from marketplace.api.fields import FixedField, TextField, TimestampField
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer
from marketplace.releases.models import Announcement, Channel

SCHEMA_VERSION = 1
VERSION_IN_FRONT = r"^v?(\d{1,6}(?:\.\d{1,6}){0,3})"


class ReleasesParameters(RequestSerializer):
    """Who asks."""

    channel = serializers.ChoiceField(Channel.choices, required=False, help_text="Adds what is announced to it.")
    version = TextField(max_length=50, allow_blank=True, required=False, help_text="Which version asks.")


class ReleaseSerializer(CamelCaseSerializer):
    """The newest version of a client program; `version` is 0.0.0 where none was released here."""

    version = serializers.CharField()
    published_at = TimestampField(allow_null=True)
    install = serializers.CharField()
    notes_url = serializers.CharField()
    summary = serializers.CharField()


class LatestSerializer(serializers.Serializer[Any]):
    """Each channel, whether it has a release or not: clients fail without the key of their own."""

    def get_fields(self) -> dict[str, Any]:
        return {channel.value: ReleaseSerializer() for channel in Channel}


class AnnouncementSerializer(CamelCaseSerializer):
    """Something to know."""

    id = serializers.UUIDField()
    level = serializers.ChoiceField(Announcement.Level.choices)
    title = serializers.CharField()
    body = serializers.CharField()
    url = serializers.SerializerMethodField()
    expires_at = TimestampField(allow_null=True)

    def get_url(self, announcement: Announcement) -> str | None:
        return announcement.url or None


class ReleasesSerializer(CamelCaseSerializer):
    """Is there a newer version, and is there anything to know."""

    schema_version = FixedField(SCHEMA_VERSION)
    latest = LatestSerializer()
    announcements = AnnouncementSerializer(many=True)
    server_time = TimestampField()
