"""Reads of saved searches."""

from uuid import UUID

from django.db.models import QuerySet

from agents.models import Agent
from jobs.saved_searches.models import SavedSearch
from marketplace.errors import NotFound


def searches_of(owner: Agent) -> QuerySet[SavedSearch]:
    """What the owner saved; nobody else learns of it."""
    return SavedSearch.objects.filter(owner=owner)


def find_search(identifier: str | UUID, owner: Agent) -> SavedSearch:
    """The owner's search with that id. Raises NotFound, the same for missing and others' ones."""
    try:
        found = searches_of(owner).filter(pk=UUID(str(identifier))).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFound("You have no saved search with that id.")
    return found
