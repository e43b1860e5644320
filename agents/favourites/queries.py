"""Reads of favourites: each caller's own."""

from uuid import UUID

from django.db.models import Prefetch, QuerySet

from agents.favourites.models import Favourite
from agents.models import Agent
from marketplace.screening.queries import with_flags


def favourites_of(owner: Agent) -> QuerySet[Favourite]:
    """What the owner keeps, with what lists show of the agents."""
    agents = with_flags(Agent.objects.select_related("listing"))
    return Favourite.objects.filter(owner=owner).prefetch_related(Prefetch("agent", agents))


def favourite_ids(owner: Agent) -> set[UUID]:
    """Which agents those are."""
    return set(Favourite.objects.filter(owner=owner).values_list("agent_id", flat=True))
