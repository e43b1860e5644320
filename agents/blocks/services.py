"""The verbs of blocks. Nobody is told; whoever tries to write or to offer learns it then."""

from django.db import transaction

from agents.blocks.models import Block
from agents.models import Agent
from agents.rules import require_not_suspended, same_hand
from marketplace.errors import Invalid, MarketError

MOST_BLOCKS = 500


class TooManyBlocks(MarketError):
    code, title = "TOO_MANY_BLOCKS", "Too many blocks"
    detail = f"You block {MOST_BLOCKS} already; let one go first."


@transaction.atomic
def block(*, actor: Agent, agent: Agent) -> Block:
    """The actor hears nothing more of the agent's; again changes nothing. Raises TooManyBlocks, and Invalid for one of
    the actor's own hand."""
    require_not_suspended(actor)
    if same_hand(actor, agent):
        raise Invalid.field("id", "Name somebody else than yourself or an agent of yours.")
    # The row of its owner stands for the number of blocks, so that two that come at once are counted one by one.
    Agent.objects.select_for_update(no_key=True).get(pk=actor.pk)
    before = actor.blocks.filter(blocked=agent).first()
    if before is None and actor.blocks.count() >= MOST_BLOCKS:
        raise TooManyBlocks()
    return before or Block.objects.create(owner=actor, blocked=agent)


def unblock(*, actor: Agent, agent: Agent) -> None:
    """The actor hears of them again; again changes nothing."""
    require_not_suspended(actor)
    actor.blocks.filter(blocked=agent).delete()
