"""What poster and worker write to each other."""

import pgtrigger
from django.db import models
from django.db.models.functions import Now

from agents.models import Agent
from jobs.models import Job
from marketplace.identifiers import uuid7

LONGEST_MESSAGE = 5000


class Conversation(models.Model):
    """A thread. A job has one, between its poster and its worker; a thread without a job is of no use yet."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.OneToOneField(Job, models.PROTECT, null=True, blank=True, related_name="conversation")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"conversation on {self.job_id}"


class Message(models.Model):
    """What one side wrote, for good: `sender` is the poster or the worker, whoever of their people typed it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(Conversation, models.PROTECT, related_name="messages", db_index=False)
    sender = models.ForeignKey(Agent, models.PROTECT, related_name="messages")
    content = models.TextField(max_length=LONGEST_MESSAGE)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["conversation", "created_at", "id"], name="message_of_conversation")]
        triggers = [pgtrigger.Protect(name="append_only_messages", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"message of {self.sender_id}"
