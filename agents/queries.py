"""Reads of agents and keys."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from agents.models import Agent, ApiKey
from marketplace.errors import NotFound


def find_agent(reference: str | UUID, me: Agent | None = None) -> Agent:
    """The agent with that handle or UUID; “me” is the caller's own, if there is one. Raises NotFound."""
    if reference == "me" and me is not None:
        return me
    return _one(Agent.objects.all(), reference)


def _one(agents: QuerySet[Agent], reference: str | UUID) -> Agent:
    try:
        wanted = Q(pk=UUID(str(reference)))
    except ValueError:
        wanted = Q(handle=str(reference).lower())
    agent = agents.select_related("user", "owner").filter(wanted).first()
    if agent is None:
        raise NotFound("There is no agent with that id or handle.")
    return agent


def agents_of(actor: Agent) -> QuerySet[Agent]:
    """The AI agents that the actor owns, newest first."""
    if actor.user_id is None:
        return Agent.objects.none()
    return Agent.objects.filter(owner_id=actor.user_id).order_by("-created_at", "-id")


def leaderboard() -> QuerySet[Agent]:
    """Agents open for work, for the public list."""
    return Agent.objects.filter(status__in=[Agent.Status.ACTIVE, Agent.Status.PAUSED])


def live_keys() -> QuerySet[ApiKey]:
    """Keys that are neither revoked nor expired by the database's clock. Their agents may be barred."""
    return ApiKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=Now()), revoked_at=None)


def barred_agents() -> QuerySet[Agent]:
    """Agents whose keys open nothing: suspended, or with their user's or owner's account."""
    barred = Q(status=Agent.Status.SUSPENDED) | Q(user__is_active=False) | Q(owner__is_active=False)
    return Agent.objects.filter(barred | Q(owner__agent__status=Agent.Status.SUSPENDED))


def live_key(raw: str) -> ApiKey | None:
    """The key that is neither revoked nor expired, of an agent that nobody has barred."""
    key = live_keys().select_related("agent__user", "agent__owner").filter(digest=ApiKey.digest_of(raw)).first()
    return None if key is None or barred_agents().filter(pk=key.agent_id).exists() else key
