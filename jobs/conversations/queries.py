"""Reads of conversations."""

from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, TextField, Value, When

from agents.models import Agent
from agents.queries import agents_of
from jobs.conversations.models import Message, Side
from jobs.conversations.rules import require_reader
from jobs.models import Job
from jobs.rules import is_poster
from marketplace.screening.queries import HIDDEN_SAYS, is_hidden, with_flags

OLDEST_FIRST = ("created_at", "id")
NEWEST_FIRST = ("-created_at", "-id")
LATEST_FIRST = ("-last_message_at", "-id")


def messages_on(job: Job, actor: Agent | None) -> QuerySet[Message]:
    """What was written on the job, for its two sides. Raises NotAllowed for others."""
    require_reader(job, actor)
    return all_on(job)


def all_on(job: Job) -> QuerySet[Message]:
    """What was written on the job, for whoever the caller knows may read it."""
    return with_files(Message.objects.filter(conversation__job=job).select_related("sender", "conversation"))


def with_files(messages: QuerySet[Message]) -> QuerySet[Message]:
    """The messages with what was sent beside them and what screening found in them."""
    return with_flags(messages.defer("search").prefetch_related("attachments__file"))


def found_for(actor: Agent, words: str) -> QuerySet[Message]:
    """What holds the words, in all conversations of the actor and of the agents that a person owns; nothing hidden."""
    own = Side.objects.filter(_is_for(actor)).values("conversation")
    query = SearchQuery(words, search_type="websearch", config="english")
    found = Message.objects.filter(~is_hidden(Message), conversation__in=own, search=query)
    return with_files(found.select_related("sender", "conversation__job").defer("conversation__job__search"))


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
            latest_content=Subquery(latest.values(said=_said())[:1]),
            latest_sender=Subquery(latest.values("sender")[:1]),
        )
    )


def _said() -> Case:
    """What a message says, unless operators hid it."""
    return Case(When(is_hidden(Message), then=Value(HIDDEN_SAYS)), default="content", output_field=TextField())


UNREAD = """
    SELECT coalesce(sum(side.unread_count), 0)::bigint,
           (SELECT count(*) FROM (
               SELECT FROM inbox_notification WHERE agent_id = %(actor)s AND read_at IS NULL LIMIT %(most)s
           ) unread)
      FROM conversations_side side JOIN agents_agent agent ON agent.id = side.agent_id
     WHERE side.unread_count > 0 AND (agent.id = %(actor)s OR agent.owner_id = %(person)s)
"""


def unread_counts(actor: Agent, most: int) -> tuple[int, int]:
    """How many messages the actor's side has not read, in all conversations, its agents' too for a person; and how many
    notifications are unread, at most `most`. One query, since every page asks."""
    with connection.cursor() as cursor:
        cursor.execute(UNREAD, {"actor": actor.pk, "person": actor.user_id, "most": most})
        messages, notifications = cursor.fetchone()
    return messages, notifications


def _is_for(actor: Agent) -> Q:
    return Q(agent=actor) | Q(agent__in=agents_of(actor).order_by().values("pk"))
