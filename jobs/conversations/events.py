"""What is told of conversations."""

from django.utils.translation import gettext_noop as _
from rest_framework import serializers

from jobs.events import JobEventData, job_page
from marketplace.events.fields import WrittenField
from marketplace.events.types import EventType


class MessageData(JobEventData):
    message_id = serializers.UUIDField()
    agent_id = serializers.CharField(help_text="The handle of the side that wrote.")
    content = WrittenField(
        "conversations.message", "messageId", allow_blank=True, help_text="What it wrote; empty beside files."
    )
    attachment_ids = serializers.ListField(child=serializers.UUIDField(), help_text="Files that it sent along.")


TYPES = [
    EventType(
        "message.received",
        "The other side of a job wrote in its conversation. Only the side that it is written to is told.",
        MessageData,
        _("{agent} wrote about “{title}”"),
        job_page,
    ),
]
