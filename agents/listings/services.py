"""The verbs of a listing: its owner writes and publishes it, an operator verifies or rejects it."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from agents.categories.models import AgentCategory, Category
from agents.files.services import attach
from agents.listings.models import (
    LONGEST_DESCRIPTION,
    LONGEST_REASON,
    LONGEST_SAMPLE,
    LONGEST_TAGLINE,
    LONGEST_TITLE,
    MOST_HOURS,
    MOST_REVISIONS,
    Listing,
    Sample,
)
from agents.listings.rules import READ_AGAIN, require_move
from agents.models import Agent
from agents.rules import require_control
from marketplace.api.problems import camel_case
from marketplace.errors import FieldError, Invalid, MarketError, NotFound
from marketplace.events import services as events
from marketplace.money import MAX_AMOUNT, format_usdc
from marketplace.screening.services import screened

# What an operator reads before others do.
WORDS = {"tagline": LONGEST_TAGLINE, "description": LONGEST_DESCRIPTION}
CHANGEABLE = frozenset({*WORDS, "base_price", "unit", "turnaround_hours", "most_revisions", "categories"})
BOUNDS = {"base_price": (1, MAX_AMOUNT), "turnaround_hours": (1, MOST_HOURS), "most_revisions": (0, MOST_REVISIONS)}
MOST_CATEGORIES = 4
SAMPLES_PER_AGENT = 10
# What people look for before they hire somebody whom they do not know.
REQUIRED = {
    "tagline": "Say in one line what it does.",
    "description": "Describe what one gets, and what it needs to know first.",
    "base_price_usdc": "Say what it costs, at least about.",
}


class TooManySamples(MarketError):
    code, title = "TOO_MANY_SAMPLES", "Too many samples"
    detail = f"An agent shows at most {SAMPLES_PER_AGENT} samples; remove one first."


@screened(tagline="tagline", description="description", rewrites=True)
@transaction.atomic
def save_listing(*, agent: Agent, actor: Agent, **changes: Any) -> Listing:
    """Writes the agent's listing; what is not named stays. Prices in micro-USDC, categories by their slugs.

    Other words than an operator read are read again: a verified listing waits for an operator, a hidden one is a draft.
    Raises NotAllowed, Invalid naming the field.
    """
    listing = _lock(agent, actor, make=True)
    _check(changes)
    categories = changes.pop("categories", None)
    if categories is not None:
        _set_categories(agent, categories)
    changed = {name: value for name, value in changes.items() if getattr(listing, name) != value}
    if changed.keys() & WORDS.keys():
        _send_to_be_read_again(listing, actor)
    for name, value in changed.items():
        setattr(listing, name, value)
    return _save(listing)


def publish_listing(*, agent: Agent, actor: Agent) -> Listing:
    """Asks an operator to verify the listing. Raises NotAllowed, WrongListingStatus, Invalid naming what is missing."""
    return _move(agent, actor, "publish")


def withdraw_listing(*, agent: Agent, actor: Agent) -> Listing:
    """Takes back what waits for an operator. Raises NotAllowed, WrongListingStatus."""
    return _move(agent, actor, "withdraw")


def hide_listing(*, agent: Agent, actor: Agent) -> Listing:
    """Takes a verified listing out of sight, for its owner to show again. Raises NotAllowed, WrongListingStatus."""
    return _move(agent, actor, "hide")


def show_listing(*, agent: Agent, actor: Agent) -> Listing:
    """Shows again what its owner had hidden. Raises NotAllowed, WrongListingStatus."""
    return _move(agent, actor, "show")


def verify_listing(*, agent: Agent, actor: Agent) -> Listing:
    """An operator lets everybody see the listing. Raises NotAllowed, WrongListingStatus."""
    return _move(agent, actor, "verify", reason="", reviewed_at=Now(), reviewer=actor.user)


def reject_listing(*, agent: Agent, actor: Agent, reason: str) -> Listing:
    """An operator refuses the listing and says why. Raises NotAllowed, WrongListingStatus, Invalid naming `reason`."""
    if not 1 <= len(reason.strip()) <= LONGEST_REASON:
        raise Invalid.field("reason", f"Say why, in at most {LONGEST_REASON} characters: its owner reads it.")
    return _move(agent, actor, "reject", reason=reason.strip(), reviewed_at=Now(), reviewer=actor.user)


@screened(title="title", text="text", data="data")
@transaction.atomic
def add_sample(
    *, agent: Agent, actor: Agent, title: str, text: str = "", data: Any = None, files: Sequence[UUID] = ()
) -> Sample:
    """Shows one more piece of work: Markdown, JSON, or files that the actor has uploaded. An operator reads it before
    others do. Raises NotAllowed, TooManySamples, Invalid."""
    listing = _lock(agent, actor, make=True)
    _check_sample(title, text)
    if not text and data is None and not files:
        raise Invalid.field("text", "Show something: a text, JSON data or files.")
    if listing.samples.count() >= SAMPLES_PER_AGENT:
        raise TooManySamples()
    _send_to_be_read_again(listing, actor)
    _save(listing)
    sample: Sample = listing.samples.create(title=title, text=text, data=data)
    attach(thing=sample, ids=files, actor=actor, field="fileIds")
    sample.refresh_from_db()
    return sample


@transaction.atomic
def remove_sample(*, sample: Sample, actor: Agent) -> Sample:
    """Shows it no longer. What is left was read, so the listing stays as it is."""
    _lock(sample.listing.agent, actor)
    Sample.objects.filter(pk=sample.pk).delete()
    return sample


@transaction.atomic
def _move(agent: Agent, actor: Agent, verb: str, **facts: Any) -> Listing:
    listing = _find_locked(agent)
    if listing is None:
        require_control(actor, agent)
        raise NotFound("This agent has no listing; write it first.")
    move = require_move(listing, verb, actor)
    if verb == "publish":
        _require_complete(listing)
        facts |= {"submitted_at": Now(), "reason": ""}
    listing.status = move.target
    for name, value in facts.items():
        setattr(listing, name, value)
    listing = _save(listing)
    _tell(listing, actor)
    return listing


def _lock(agent: Agent, actor: Agent, *, make: bool = False) -> Listing:
    """The agent's listing with its row locked, for one who may change it. Raises NotAllowed, NotFound."""
    require_control(actor, agent)
    if make:
        Listing.objects.bulk_create([Listing(agent_id=agent.pk)], ignore_conflicts=True)
    listing = _find_locked(agent)
    if listing is None:
        raise NotFound("This agent has no listing; write it first.")
    return listing


def _find_locked(agent: Agent) -> Listing | None:
    locked = Listing.objects.select_for_update(of=("self",), no_key=True)
    return locked.select_related("agent__user", "agent__owner__agent").filter(agent=agent).first()


def _save(listing: Listing) -> Listing:
    listing.updated_at = Now()
    listing.save()
    listing.refresh_from_db()
    return listing


def _send_to_be_read_again(listing: Listing, actor: Agent) -> None:
    status = READ_AGAIN.get(Listing.Status(listing.status))
    if status is None:
        return
    listing.status, listing.submitted_at = status, Now()
    _tell(listing, actor)


def _check(changes: dict[str, Any]) -> None:
    """Raises Invalid for what cannot be changed, is too long or out of bounds."""
    if unknown := changes.keys() - CHANGEABLE:
        raise Invalid.field(camel_case(min(unknown)), "Cannot be changed.")
    for name, longest in WORDS.items():
        if len(changes.get(name, "")) > longest:
            raise Invalid.field(name, f"Must have at most {longest} characters.")
    for name, (least, most) in BOUNDS.items():
        value = changes.get(name)
        if value is not None and not least <= value <= most:
            raise Invalid.field(camel_case(name), _bounds_in_words(name, least, most))
    if changes.get("unit", Listing.Unit.JOB) not in Listing.Unit.values:
        raise Invalid.field("unit", f"Must be one of {', '.join(Listing.Unit.values)}.")


def _bounds_in_words(name: str, least: int, most: int) -> str:
    if name == "base_price":
        return f"Must be more than 0 and at most {format_usdc(most)} USDC."
    return f"Must be a whole number from {least} to {most}."


def _set_categories(agent: Agent, slugs: Iterable[str]) -> None:
    """The agent is of these categories and no others. Raises Invalid naming `categories`."""
    wanted = {slug.strip().lower() for slug in slugs}
    if len(wanted) > MOST_CATEGORIES:
        raise Invalid.field("categories", f"Choose at most {MOST_CATEGORIES}.")
    found = {category.slug: category for category in Category.objects.filter(slug__in=wanted)}
    if unknown := sorted(wanted - found.keys()):
        raise Invalid.field("categories", f"There is no category {', '.join(unknown)}; /v1/categories lists them.")
    held = AgentCategory.objects.filter(agent=agent)
    held.exclude(category__in=found.values()).delete()
    AgentCategory.objects.bulk_create(
        [AgentCategory(agent=agent, category=category) for category in found.values()], ignore_conflicts=True
    )


def _require_complete(listing: Listing) -> None:
    """Raises Invalid naming all that is missing."""
    missing = [
        FieldError(camel_case(name), says)
        for name, says in REQUIRED.items()
        if not getattr(listing, name.removesuffix("_usdc"))
    ]
    if not AgentCategory.objects.filter(agent=listing.agent).exists():
        missing.append(FieldError("categories", "Choose at least one."))
    if missing:
        raise Invalid("The listing is not complete.", errors=missing)


def _check_sample(title: str, text: str) -> None:
    if not 1 <= len(title) <= LONGEST_TITLE:
        raise Invalid.field("title", f"Must have 1 to {LONGEST_TITLE} characters.")
    if len(text) > LONGEST_SAMPLE:
        raise Invalid.field("text", f"Must have at most {LONGEST_SAMPLE} characters.")


def _tell(listing: Listing, actor: Agent) -> None:
    """Says to the agent and its owner how the listing stands now."""
    agent = listing.agent
    owner = agent.owner.agent if agent.owner else None
    data = {"agentId": agent.handle, "name": agent.name, "status": listing.status, "reason": listing.reason}
    events.emit(TOLD_AS[Listing.Status(listing.status)], actor=actor, audience=[agent, owner], data=data)


TOLD_AS = {
    Listing.Status.DRAFT: "listing.withdrawn",
    Listing.Status.PENDING: "listing.submitted",
    Listing.Status.VERIFIED: "listing.verified",
    Listing.Status.REJECTED: "listing.rejected",
    Listing.Status.HIDDEN: "listing.hidden",
}
