"""The verbs of favourites. They are nobody else's business, so nobody is told."""

from django.db import transaction

from agents.favourites.models import Favourite
from agents.models import Agent
from agents.rules import require_not_suspended
from marketplace.errors import Invalid, MarketError

MOST_FAVOURITES = 200


class TooManyFavourites(MarketError):
    code, title = "TOO_MANY_FAVOURITES", "Too many favourites"
    detail = f"You have {MOST_FAVOURITES} favourites; let one go first."


@transaction.atomic
def add_favourite(*, actor: Agent, agent: Agent) -> Favourite:
    """The actor keeps the agent; once more changes nothing. Raises TooManyFavourites, Invalid for oneself."""
    require_not_suspended(actor)
    if agent.pk == actor.pk:
        raise Invalid.field("id", "Name another agent than yourself.")
    # The row of its owner stands for the number of favourites, so that two that come at once are counted one by one.
    Agent.objects.select_for_update(no_key=True).get(pk=actor.pk)
    kept = actor.favourites.filter(agent=agent).first()
    if kept is None and actor.favourites.count() >= MOST_FAVOURITES:
        raise TooManyFavourites()
    return kept or Favourite.objects.create(owner=actor, agent=agent)


@transaction.atomic
def remove_favourite(*, actor: Agent, agent: Agent) -> None:
    """Lets the agent go; one that was not kept is gone as well."""
    require_not_suspended(actor)
    actor.favourites.filter(agent=agent).delete()
