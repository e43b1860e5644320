"""The filters beside a list of jobs: what may be chosen, how many jobs that leaves, and the address that shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.categories.models import Category
from jobs.bidding import RULES
from jobs.browsing.counts import BUDGETS, HOURS, MOST_COUNTED, PUBLIC, Counts
from jobs.lifecycle import Status

ANY_STATUS = "all"
# The newest jobs first, or the best matches where there are words.
USUAL = "usual"
# In the order of an address: what a search is saved by, and beside it what it is looked at by.
FILTERS = ("q", "vertical", "minBudget", "maxBudget", "skills", "biddingRule", "deadlineWithinHours")
VIEW = ("status", "role", "sort")
TITLES = {
    "category": gettext_lazy("Category"),
    "budget": gettext_lazy("Budget"),
    "skills": gettext_lazy("Skills"),
    "deadline": gettext_lazy("Deadline"),
    "bidding": gettext_lazy("Bidding"),
    "status": gettext_lazy("Status"),
}
WITHIN = {
    24: gettext_lazy("Within a day"),
    72: gettext_lazy("Within 3 days"),
    168: gettext_lazy("Within a week"),
    720: gettext_lazy("Within 30 days"),
}


@dataclass(frozen=True)
class Value:
    """One choice: `count` is what to write of how many jobs it leaves, empty where that is not known."""

    label: str | Promise
    query: str
    is_chosen: bool
    count: str = ""


@dataclass(frozen=True)
class Facet:
    """A filter with its choices."""

    name: str
    title: str | Promise
    values: list[Value]


def address(asked: Mapping[str, str], **changes: str) -> str:
    """The query of what is asked with changes; empty ones are left out, so that shared addresses stay short."""
    wanted = {**asked, **changes}
    sent = {name: wanted[name] for name in (*FILTERS, *VIEW) if wanted.get(name) not in (None, "", USUAL)}
    return f"?{urlencode(sent)}"


def facets(asked: Mapping[str, str], status: str, categories: list[Category], counts: Counts | None) -> list[Facet]:
    """Every filter of a list. Choosing what is chosen takes it back. Without counts there are none beside them."""
    return [
        Facet(name, title, values)
        for name, title in TITLES.items()
        if (values := list(_values(name, asked, status, categories, counts)))
    ]


def _values(
    facet: str, asked: Mapping[str, str], status: str, categories: list[Category], counts: Counts | None
) -> Iterator[Value]:
    found = counts.of[facet] if counts else {}
    for value, label, changes in _choices(facet, asked, categories, found):
        is_chosen = value == status if facet == "status" else _is_chosen(asked, changes)
        kept = is_chosen and facet != "status"
        query = address(asked, **(_taken_back(asked, changes) if kept else _added(asked, changes)))
        is_partial = counts is not None and (value in counts.cut if facet == "status" else counts.is_partial)
        count = "" if counts is None or value == ANY_STATUS else _written(found.get(value, 0), is_partial)
        # There are many, and a page of its own lists them all.
        if facet == "category" and count == "0" and not is_chosen:
            continue
        yield Value(label, query, is_chosen, count)


def _choices(
    facet: str, asked: Mapping[str, str], categories: list[Category], found: Mapping[str, int]
) -> Iterator[tuple[str, str | Promise, dict[str, str]]]:
    """The value as it is counted, what people read, and the parameters that choose it."""
    match facet:
        case "category":
            yield from _categories(asked, categories, found)
        case "budget":
            for name, (low, high) in BUDGETS.items():
                yield (
                    name,
                    _range(*(f"{limit:,}" if limit else None for limit in (low, high))),
                    {"minBudget": str(low or ""), "maxBudget": str(high or "")},
                )
        case "skills":
            for skill in dict.fromkeys([*skills_of(asked), *found]):
                yield skill, skill, {"skills": skill}
        case "deadline":
            for hours in HOURS:
                yield str(hours), WITHIN[hours], {"deadlineWithinHours": str(hours)}
        case "bidding":
            for name, rule in RULES.items():
                if rule.takes_bids:
                    yield name, rule.name, {"biddingRule": name}
        case "status":
            for choice in PUBLIC:
                yield choice.value, Status(choice).label, {"status": choice.value.lower()}
            yield ANY_STATUS, _("Any status"), {"status": ANY_STATUS}


def _categories(
    asked: Mapping[str, str], categories: list[Category], found: Mapping[str, int]
) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Those that operators named, and whatever else posters called the kind of their jobs."""
    named = {category.slug.upper() for category in categories}
    for category in categories:
        yield category.slug.upper(), category.name, {"vertical": category.slug}
    others = [*found, asked["vertical"].upper()] if asked.get("vertical") else found
    for value in sorted({*others} - named):
        yield value, value.capitalize(), {"vertical": value.lower()}


def skills_of(asked: Mapping[str, str]) -> list[str]:
    """The skills that are asked for."""
    return [skill.strip().lower() for skill in asked.get("skills", "").split(",") if skill.strip()]


def _is_chosen(asked: Mapping[str, str], changes: Mapping[str, str]) -> bool:
    if "skills" in changes:
        return changes["skills"] in skills_of(asked)
    return all(asked.get(name, "").lower() == value for name, value in changes.items())


def _added(asked: Mapping[str, str], changes: dict[str, str]) -> dict[str, str]:
    return {"skills": ",".join([*skills_of(asked), changes["skills"]])} if "skills" in changes else changes


def _taken_back(asked: Mapping[str, str], changes: dict[str, str]) -> dict[str, str]:
    if "skills" in changes:
        return {"skills": ",".join(skill for skill in skills_of(asked) if skill != changes["skills"])}
    return dict.fromkeys(changes, "")


def _written(count: int, is_partial: bool) -> str:
    """The count, "1,000+" where there may be more, and nothing where all that is known is that there may be some."""
    if is_partial:
        return f"{min(count, MOST_COUNTED):,}+" if count else ""
    return f"{count:,}"


def _range(low: str | None, high: str | None) -> str:
    if low is None:
        return _("Up to %(high)s USDC") % {"high": high}
    if high is None:
        return _("%(low)s USDC and more") % {"low": low}
    return _("%(low)s to %(high)s USDC") % {"low": low, "high": high}


def chosen(asked: Mapping[str, str], categories: list[Category]) -> list[Value]:
    """What is asked for, in words, each with the address that asks the rest: words, every choice, and a budget that no
    choice has."""
    words = [Value(f"“{asked['q']}”", address(asked, q=""), is_chosen=True)] if asked.get("q") else []
    choices = [value for facet in facets(asked, "", categories, None) for value in facet.values if value.is_chosen]
    return words + choices + list(_own_limits(asked))


def _own_limits(asked: Mapping[str, str]) -> Iterator[Value]:
    """A budget or deadline that somebody wrote into an address, or sent to the API."""
    budget = {name: asked.get(name, "") for name in ("minBudget", "maxBudget")}
    usual = [(str(low or ""), str(high or "")) for low, high in BUDGETS.values()]
    if any(budget.values()) and tuple(budget.values()) not in usual:
        label = _range(*(value or None for value in budget.values()))
        yield Value(label, address(asked, minBudget="", maxBudget=""), is_chosen=True)
    hours = asked.get("deadlineWithinHours", "")
    if hours and hours not in map(str, HOURS):
        yield Value(_("Within %(hours)s hours") % {"hours": hours}, address(asked, deadlineWithinHours=""), True)
