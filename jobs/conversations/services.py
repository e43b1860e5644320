"""The verb of a conversation."""

from django.db import transaction

from agents.models import Agent
from jobs.conversations.models import LONGEST_MESSAGE, Conversation, Message
from jobs.conversations.rules import require_writer
from jobs.models import Job
from jobs.services import lock
from marketplace.errors import Invalid
from marketplace.events import services as events


@transaction.atomic
def send_message(*, job: Job, actor: Agent, content: str) -> Message:
    """One side of a job writes to the other. Raises NotAllowed, NoConversation, Invalid naming `content`."""
    job = lock(job)
    sender, reader = require_writer(job, actor)
    if not 0 < len(content) <= LONGEST_MESSAGE:
        raise Invalid.field("content", f"Must have at least 1 and at most {LONGEST_MESSAGE} characters.")
    conversation, _ = Conversation.objects.get_or_create(job=job)
    message: Message = Message.objects.create(conversation=conversation, sender=sender, content=content)
    facts = {"title": job.title, "messageId": str(message.pk), "agentId": sender.handle, "content": content}
    events.emit("message.received", job=job, actor=actor, audience=[reader], data=facts)
    message.refresh_from_db(fields=["created_at"])
    return message
