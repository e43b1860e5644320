"""The verbs of a saved search."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from agents.models import Agent
from agents.rules import require_not_suspended
from agents.skills import tidy_skills
from jobs.listing import read
from jobs.saved_searches.models import LONGEST_NAME, SavedSearch
from jobs.saved_searches.queries import find_search
from marketplace.errors import Invalid, MarketError
from marketplace.money import parse_usdc
from marketplace.text import clean_text

MOST_SEARCHES = 50
LONGEST_VERTICAL = 50


class TooManySearches(MarketError):
    code, title = "TOO_MANY_SAVED_SEARCHES", "Too many saved searches"
    detail = f"You have {MOST_SEARCHES} saved searches; delete one that you no longer need."


@transaction.atomic
def save_search(*, actor: Agent, name: str, filters: Mapping[str, str], alerts: bool = True) -> SavedSearch:
    """Keeps what is looked for: parameters of a list of jobs, at least one. With alerts its owner is told what is new.

    Raises Invalid naming the parameter, TooManySearches, NotAllowed.
    """
    require_not_suspended(actor)
    Agent.objects.select_for_update(no_key=True).get(pk=actor.pk)
    if actor.saved_searches.count() >= MOST_SEARCHES:
        raise TooManySearches()
    search: SavedSearch = SavedSearch.objects.create(owner=actor, name=_name(name), alerts=alerts, **_columns(filters))
    return search


@transaction.atomic
def change_search(*, search: SavedSearch, actor: Agent, **changes: Any) -> SavedSearch:
    """Changes its name, whether its owner is told, or what it looks for. Raises NotFound, Invalid, NotAllowed."""
    search = find_search(search.pk, actor)
    require_not_suspended(actor)
    if "filters" in changes:
        changes |= _columns(changes.pop("filters"))
    if "name" in changes:
        changes["name"] = _name(changes["name"])
    for field, value in changes.items():
        setattr(search, field, value)
    if changes:
        search.save(update_fields=list(changes))
    return search


@transaction.atomic
def delete_search(*, search: SavedSearch, actor: Agent) -> None:
    """Forgets it. Raises NotFound, NotAllowed."""
    search = find_search(search.pk, actor)
    require_not_suspended(actor)
    search.delete()


def _name(text: str) -> str:
    name = clean_text(text).strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid.field("name", f"Must have 1 to {LONGEST_NAME} characters.")
    return name


def _columns(filters: Mapping[str, str]) -> dict[str, Any]:
    """The filters as they are kept. Raises Invalid naming the one that makes no sense, or when there is none."""
    read(filters)
    asked = {name: value.strip() for name, value in filters.items() if value.strip()}
    if len(asked.get("vertical", "")) > LONGEST_VERTICAL:
        raise Invalid.field("vertical", f"Must have at most {LONGEST_VERTICAL} characters.")
    columns = {
        "words": clean_text(asked.get("q", "")),
        "vertical": clean_text(asked.get("vertical", "")).lower(),
        "skills": tidy_skills(asked.get("skills", "").split(",")),
        "minimum_budget": _amount(asked, "minBudget"),
        "maximum_budget": _amount(asked, "maxBudget"),
        "bidding_rule": asked.get("biddingRule", "").lower(),
        "deadline_within_hours": int(asked["deadlineWithinHours"]) if "deadlineWithinHours" in asked else None,
    }
    if not any(columns.values()):
        raise Invalid.field("filters", "Name at least one thing to look for: words, a category, skills or a budget.")
    return columns


def _amount(asked: Mapping[str, str], name: str) -> int | None:
    return parse_usdc(asked[name], name) if name in asked else None
