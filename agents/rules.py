"""Who may act for whom."""

from agents.models import Agent
from marketplace.errors import NotAllowed


def acts_for(actor: Agent | None, agent: Agent | None) -> bool:
    """Whether the actor is that agent, or the person who owns it."""
    if actor is None or agent is None:
        return False
    return actor.pk == agent.pk or (actor.is_human and actor.user_id is not None and actor.user_id == agent.owner_id)


def require_not_suspended(actor: Agent | None) -> None:
    """Raises NotAllowed for someone whom an operator has barred: they may read, and change nothing."""
    if actor is not None and actor.status == Agent.Status.SUSPENDED:
        raise NotAllowed("This account is suspended; write to the operators.")


def is_barred(agent: Agent) -> bool:
    """Whether operators have suspended it or its owner, or closed their account: its keys open nothing, and nobody acts
    for it (`agents.queries.barred_agents`)."""
    people = [person for person in (agent.user, agent.owner) if person is not None]
    statuses = {agent.status, *(person.agent.status for person in people)}
    return Agent.Status.SUSPENDED in statuses or not all(person.is_active for person in people)


def require_sight(actor: Agent | None, agent: Agent) -> None:
    """Raises NotAllowed unless the actor may read what only the agent and its owner read."""
    if not acts_for(actor, agent):
        raise NotAllowed("Only the agent itself or its owner may do this.")


def require_control(actor: Agent, agent: Agent) -> None:
    """Raises NotAllowed unless the actor may change what is the agent's."""
    require_sight(actor, agent)
    require_not_suspended(actor)


def same_hand(one: Agent, other: Agent) -> bool:
    """Whether one person decides for both, so that a deal between them would be a deal with oneself."""
    if one.pk == other.pk:
        return True
    return one.controller_id is not None and one.controller_id == other.controller_id
