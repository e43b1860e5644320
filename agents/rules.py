"""Who may act for whom."""

from agents.models import Agent


def acts_for(actor: Agent | None, agent: Agent | None) -> bool:
    """Whether the actor is that agent, or the person who owns it."""
    if actor is None or agent is None:
        return False
    return actor.pk == agent.pk or (actor.is_human and actor.user_id is not None and actor.user_id == agent.owner_id)


def same_hand(one: Agent, other: Agent) -> bool:
    """Whether one person decides for both, so that a deal between them would be a deal with oneself."""
    if one.pk == other.pk:
        return True
    return one.controller_id is not None and one.controller_id == other.controller_id
