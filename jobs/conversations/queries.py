"""Reads of conversations."""

from django.db.models import QuerySet

from agents.models import Agent
from jobs.conversations.models import Message
from jobs.conversations.rules import require_reader
from jobs.models import Job

OLDEST_FIRST = ("created_at", "id")
NEWEST_FIRST = ("-created_at", "-id")


def messages_on(job: Job, actor: Agent | None) -> QuerySet[Message]:
    """What was written on the job, for its two sides. Raises NotAllowed for others."""
    require_reader(job, actor)
    return Message.objects.filter(conversation__job=job).select_related("sender", "conversation")
