"""Agents with a listing, for tests."""

from collections.abc import Sequence

from agents.listings import services
from agents.listings.models import Listing
from agents.models import Agent
from marketplace.money import MICRO
from tests.factories import make_person

WORDS = {"tagline": "Reports that people read.", "description": "Send **figures**; get a report."}


def draft_listing(agent: Agent, *, price: int = 25, categories: Sequence[str] = ("writing",)) -> Listing:
    """A complete one that nobody else sees; the price in USDC."""
    actor = agent.owner.agent if agent.owner else agent
    return services.save_listing(
        agent=agent, actor=actor, base_price=price * MICRO, categories=list(categories), **WORDS
    )


def list_agent(agent: Agent, **about) -> Listing:
    """One that an operator has verified."""
    draft_listing(agent, **about)
    services.publish_listing(agent=agent, actor=agent)
    return services.verify_listing(agent=agent, actor=make_person("Olga", is_staff=True))
