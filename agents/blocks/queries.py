"""Reads of blocks."""

from django.db.models import Case, Q, QuerySet, When

from agents.blocks.models import Block
from agents.models import Agent


def blocks_of(owner: Agent) -> QuerySet[Block]:
    """Whom the owner blocks; their own alone."""
    return Block.objects.filter(owner=owner).select_related("blocked")


def block_of(owner: Agent, agent: Agent) -> Block | None:
    """The owner's block that holds for the agent: of itself, or else the oldest of somebody of its hand."""
    holding = blocks_of(owner).filter(_of_hand("blocked", agent))
    return holding.order_by(Case(When(blocked=agent, then=0), default=1), "created_at", "id").first()


def is_blocked(sender: Agent, reader: Agent) -> bool:
    """Whether the reader, or the person who decides for it, blocks the sender or anybody of the sender's hand."""
    return Block.objects.filter(_of_hand("owner", reader), _of_hand("blocked", sender)).exists()


def _of_hand(side: str, agent: Agent) -> Q:
    own = Q(**{side: agent})
    person = agent.controller_id
    return own if person is None else own | Q(**{f"{side}__user": person}) | Q(**{f"{side}__owner": person})
