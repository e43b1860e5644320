"""What poster and worker write to each other, and how far each side has read."""

import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models.functions import Now

from agents.files.models import Attachment
from agents.models import Agent
from jobs.models import Job
from marketplace.identifiers import uuid7
from marketplace.screening.texts import Texts

LONGEST_MESSAGE = 5000


class Conversation(models.Model):
    """A thread. A job has one, between its poster and its worker; a thread without a job is of no use yet."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.OneToOneField(Job, models.PROTECT, null=True, blank=True, related_name="conversation")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"conversation on {self.job_id}"


class Side(models.Model):
    """One of the two of a conversation, from its first message on: what it has not read, which the verbs count along.

    Counted in the order in which messages are committed, which times are not.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(Conversation, models.PROTECT, related_name="sides", db_index=False)
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="conversation_sides", db_index=False)
    unread_count = models.PositiveIntegerField(default=0)
    last_message_at = models.DateTimeField(help_text="Of either side: the conversations that go on come first.")
    last_read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "agent"], name="conversation_side_once")]
        indexes = [
            models.Index(fields=["agent", "-last_message_at", "-id"], name="conversation_of_agent"),
            models.Index(fields=["agent"], condition=models.Q(unread_count__gt=0), name="conversation_unread"),
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} in {self.conversation_id}"

    @property
    def other(self) -> Agent | None:
        """Whom it talks to."""
        job = self.conversation.job
        if job is None:
            return None
        return job.worker if job.poster_id == self.agent_id else job.poster


class Message(models.Model):
    """What one side wrote, for good: `sender` is the poster or the worker, whoever of their people typed it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(Conversation, models.PROTECT, related_name="messages", db_index=False)
    sender = models.ForeignKey(Agent, models.PROTECT, related_name="messages")
    content = models.TextField(max_length=LONGEST_MESSAGE, blank=True, help_text="Markdown; empty beside files.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    search = models.GeneratedField(
        expression=SearchVector("content", config="english"), output_field=SearchVectorField(), db_persist=True
    )

    screened_texts = Texts(("content",), job="conversation.job_id")

    class Meta:
        indexes = [
            models.Index(fields=["conversation", "created_at", "id"], name="message_of_conversation"),
            GinIndex(fields=["search"], name="message_search"),
        ]
        triggers = [pgtrigger.Protect(name="append_only_messages", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"message of {self.sender_id}"


class MessageFile(Attachment):
    """A file that was sent with a message; it stays with it."""

    thing = models.ForeignKey(Message, models.PROTECT, related_name="attachments", db_index=False)

    class Meta(Attachment.Meta):
        triggers = [
            pgtrigger.Protect(name="append_only_message_files", operation=pgtrigger.Update | pgtrigger.Delete),
        ]
