"""Who may do what with money that is not theirs."""

from agents.models import Agent
from agents.rules import same_hand
from marketplace.errors import NotAllowed


def require_operator(actor: Agent, agent: Agent) -> None:
    """Raises NotAllowed unless the actor is an operator with no hand in the agent's wallet."""
    if actor.user is None or not actor.user.is_staff:
        raise NotAllowed("Only an operator may do this.")
    if same_hand(actor, agent):
        raise NotAllowed("An operator may not adjust a wallet of their own.")
