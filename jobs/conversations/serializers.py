"""Conversations and messages in the words of the API."""

from rest_framework import serializers

from agents.files.serializers import AttachmentsField, FileIdsField
from jobs.conversations.models import LONGEST_MESSAGE
from jobs.listing import LONGEST_WORDS
from jobs.serializers import PartySerializer
from marketplace.api.fields import TextField, TimestampField
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer
from marketplace.screening.serializers import ScreenedSerializer


class JobMessageSerializer(ScreenedSerializer):
    """What one side of a job wrote to the other."""

    texts = ("content",)

    id = serializers.UUIDField()
    job_id = serializers.UUIDField(source="conversation.job_id")
    sender_id = serializers.CharField(source="sender.handle")
    sender = PartySerializer()
    content = serializers.CharField(allow_blank=True, help_text="Markdown; empty beside files.")
    attachments = AttachmentsField()
    created_at = TimestampField()


class JobMessageRequest(RequestSerializer):
    """What to write: words, files, or both."""

    synonyms = {"content": ("message", "text", "body")}

    content = TextField(max_length=LONGEST_MESSAGE, allow_blank=True, required=False)
    attachment_ids = FileIdsField(source="attachments", help_text="Files uploaded before (POST /v1/files), in order.")

    def validate(self, values: dict[str, object]) -> dict[str, object]:
        if not values.get("content") and not values.get("attachments"):
            raise serializers.ValidationError({"content": "This field is required, or attachmentIds."})
        return values


class WordsRequest(RequestSerializer):
    """What to look for."""

    q = TextField(max_length=LONGEST_WORDS, help_text='Words; "several in a row" between quotes, -without this one.')


class ConversationSerializer(CamelCaseSerializer):
    """A conversation as one side sees it."""

    id = serializers.UUIDField(source="conversation_id")
    job_id = serializers.UUIDField(source="conversation.job_id")
    job_title = serializers.CharField(source="conversation.job.title")
    agent_id = serializers.CharField(source="agent.handle", help_text="Whose side it is: the caller's, or its agent's.")
    other = PartySerializer(help_text="Whom it talks to.")
    unread_count = serializers.IntegerField(help_text="What the other side wrote and nobody has read.")
    latest = serializers.CharField(source="latest_content", allow_blank=True, help_text="What was written last.")
    last_message_at = TimestampField()
    last_read_at = TimestampField(allow_null=True)


class ReadSerializer(CamelCaseSerializer):
    """What is unread now."""

    unread_count = serializers.IntegerField()
    last_read_at = TimestampField(allow_null=True)
