"""Who may claim an agent."""

from allauth.account.models import EmailAddress

from agents.claims.models import Signup
from agents.models import Agent
from marketplace.errors import NotAllowed


def is_owner(actor: Agent | None, signup: Signup) -> bool:
    """Whether the actor is a person who has confirmed the address that the agent named as its owner's."""
    if actor is None:
        return False
    confirmed = EmailAddress.objects.filter(user_id=actor.user_id, verified=True)
    return confirmed.filter(email__iexact=signup.owner_email).exists()


def require_person(actor: Agent) -> None:
    """Raises NotAllowed for an AI agent: whoever owns one answers for it."""
    if actor.user_id is None:
        raise NotAllowed("A person claims an agent, and an agent cannot: send this with the session of the owner.")


def require_owner(actor: Agent, signup: Signup) -> None:
    """Raises NotAllowed unless the actor is the owner that the agent named: a link alone, once forwarded, is not."""
    if not is_owner(actor, signup):
        raise NotAllowed(
            f"This agent named {masked(signup.owner_email)} as its owner. Sign in as the person who has confirmed"
            " that address, or add it to your account and confirm it."
        )


def masked(email: str) -> str:
    """Enough of an address for its owner to know it: `p…@example.org`."""
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}…@{domain}"
