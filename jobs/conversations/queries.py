"""Reads of conversations."""

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum

from agents.models import Agent
from agents.queries import agents_of
from jobs.conversations.models import Message, Side
from jobs.conversations.rules import require_reader
from jobs.models import Job
from jobs.rules import is_poster

OLDEST_FIRST = ("created_at", "id")
NEWEST_FIRST = ("-created_at", "-id")
LATEST_FIRST = ("-last_message_at", "-id")


def messages_on(job: Job, actor: Agent | None) -> QuerySet[Message]:
    """What was written on the job, for its two sides. Raises NotAllowed for others."""
    require_reader(job, actor)
    written = Message.objects.filter(conversation__job=job).select_related("sender", "conversation")
    return written.prefetch_related("attachments__file")


def own_side(job: Job, actor: Agent) -> Side | None:
    """What the actor's side has read; None before the first message. Raises NotAllowed for others."""
    require_reader(job, actor)
    side = job.poster if is_poster(actor, job) else job.worker
    return Side.objects.filter(conversation__job=job, agent=side).select_related("conversation", "agent").first()


def sides_of(actor: Agent) -> QuerySet[Side]:
    """The conversations of the actor, and of the agents that a person owns, each with its job, its other side and the
    start of its latest message."""
    latest = Message.objects.filter(conversation=OuterRef("conversation")).order_by(*NEWEST_FIRST)
    job = ("conversation__job__poster", "conversation__job__worker", "agent")
    return (
        Side.objects.filter(_is_for(actor))
        .select_related(*job)
        .defer("conversation__job__search")
        .annotate(
            latest_content=Subquery(latest.values("content")[:1]), latest_sender=Subquery(latest.values("sender")[:1])
        )
    )


def unread_count(actor: Agent) -> int:
    """Messages that the actor's side has not read, in all conversations; its agents' too, for a person."""
    unread = Side.objects.filter(_is_for(actor), unread_count__gt=0)
    return unread.aggregate(sum=Sum("unread_count"))["sum"] or 0


def _is_for(actor: Agent) -> Q:
    return Q(agent=actor) | Q(agent__in=agents_of(actor).order_by().values("pk"))
