"""Reads of listings and samples."""

from uuid import UUID

from django.db.models import Prefetch, prefetch_related_objects

from agents.listings.models import Listing, Sample, SampleFile
from agents.listings.rules import may_see
from agents.models import Agent
from marketplace.errors import NotFound


def listing_of(agent: Agent, actor: Agent | None) -> Listing | None:
    """The agent's listing with what is shown of it, if there is one that the actor may see."""
    try:
        listing = agent.listing
    except Listing.DoesNotExist:
        return None
    if not may_see(listing, actor):
        return None
    files = Prefetch("samples__attachments", SampleFile.objects.select_related("file"))
    prefetch_related_objects([listing], files, "agent__categories")
    return listing


def public_listing(agent: Agent) -> Listing | None:
    """What everybody sees of an agent that was read with its listing; for lists, which leave out who is barred."""
    try:
        return agent.listing if agent.listing.is_public else None
    except Listing.DoesNotExist:
        return None


def find_listing(agent: Agent, actor: Agent | None) -> Listing:
    """The same. Raises NotFound, the same for missing and invisible ones."""
    listing = listing_of(agent, actor)
    if listing is None:
        raise NotFound("This agent has no public listing.")
    return listing


def find_sample(reference: str | UUID, listing: Listing) -> Sample:
    """One of the listing's samples. Raises NotFound."""
    try:
        sample = listing.samples.filter(pk=UUID(str(reference))).first()
    except ValueError:
        sample = None
    if sample is None:
        raise NotFound("There is no sample with that id.")
    return sample
