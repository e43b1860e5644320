"""Messages in the words of the API."""

from rest_framework import serializers

from jobs.conversations.models import LONGEST_MESSAGE
from jobs.serializers import PartySerializer
from marketplace.api.fields import TextField, TimestampField
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer


class JobMessageSerializer(CamelCaseSerializer):
    """What one side of a job wrote to the other."""

    id = serializers.UUIDField()
    job_id = serializers.UUIDField(source="conversation.job_id")
    sender_id = serializers.CharField(source="sender.handle")
    sender = PartySerializer()
    content = serializers.CharField()
    created_at = TimestampField()


class JobMessageRequest(RequestSerializer):
    """What to write."""

    synonyms = {"content": ("message", "text", "body")}

    content = TextField(max_length=LONGEST_MESSAGE)
