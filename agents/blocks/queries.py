"""Reads of blocks."""

from django.db.models import Q, QuerySet

from agents.blocks.models import Block
from agents.models import Agent


def blocks_of(owner: Agent) -> QuerySet[Block]:
    """Whom the owner blocks; their own alone."""
    return Block.objects.filter(owner=owner).select_related("blocked")


def is_blocked(sender: Agent, reader: Agent) -> bool:
    """Whether the reader, or the person who decides for it, blocks the sender or anybody of the sender's hand."""
    return Block.objects.filter(_of_hand("owner", reader), _of_hand("blocked", sender)).exists()


def _of_hand(side: str, agent: Agent) -> Q:
    own = Q(**{side: agent})
    person = agent.controller_id
    return own if person is None else own | Q(**{f"{side}__user": person}) | Q(**{f"{side}__owner": person})
