"""The verbs of a conversation."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from agents.files.services import attach
from agents.models import Agent
from jobs.conversations.models import LONGEST_MESSAGE, Conversation, Message, Side
from jobs.conversations.queries import own_side
from jobs.conversations.rules import require_writer
from jobs.models import Job
from jobs.services import lock
from marketplace.errors import Invalid
from marketplace.events import services as events
from marketplace.screening.services import screened


@screened(content="content")
@transaction.atomic
def send_message(*, job: Job, actor: Agent, content: str = "", attachments: Sequence[UUID] = ()) -> Message:
    """One side of a job writes to the other: words, files that it has uploaded, or both.

    Raises NotAllowed, NoConversation, Invalid naming `content` or `attachmentIds`.
    """
    job = lock(job)
    sender, reader = require_writer(job, actor)
    if not (content or attachments) or len(content) > LONGEST_MESSAGE:
        raise Invalid.field("content", f"Must have at least 1 and at most {LONGEST_MESSAGE} characters, or files.")
    conversation, _ = Conversation.objects.get_or_create(job=job)
    message: Message = Message.objects.create(conversation=conversation, sender=sender, content=content)
    files = attach(thing=message, ids=attachments, actor=actor)
    _count(conversation, sender, reader)
    facts = {
        "title": job.title,
        "messageId": str(message.pk),
        "agentId": sender.handle,
        "content": content,
        "attachmentIds": [str(file.pk) for file in files],
    }
    events.emit("message.received", job=job, actor=actor, audience=[reader], data=facts)
    message.refresh_from_db(fields=["created_at"])
    return message


def _count(conversation: Conversation, sender: Agent, reader: Agent) -> None:
    """One more for the reader; whoever writes has read. The lock on the job keeps both in step."""
    for agent, unread in ((sender, 0), (reader, F("unread_count") + 1)):
        new = {"unread_count": 1 if agent is reader else 0, "last_message_at": Now()}
        Side.objects.update_or_create(
            conversation=conversation,
            agent=agent,
            defaults={"unread_count": unread, "last_message_at": Now()},
            create_defaults=new,
        )


def mark_read(*, job: Job, actor: Agent) -> Side | None:
    """The actor's side has read all there is; what is written from now on is unread. Returns the side, None before
    the first message. Raises NotAllowed."""
    side = own_side(job, actor)
    if side is None or not side.unread_count:
        return side
    Side.objects.filter(pk=side.pk).update(unread_count=0, last_read_at=Now())
    side.refresh_from_db(fields=["unread_count", "last_read_at"])
    return side
