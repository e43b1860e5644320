"""The list of jobs, and the categories that it is entered by."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from agents.categories.queries import all_categories
from agents.models import Agent
from jobs import listing, queries
from jobs.browsing.counts import MOST_COUNTED, count
from jobs.browsing.facets import ANY_STATUS, FILTERS, USUAL, VIEW, address, chosen, facets
from jobs.browsing.queries import categories_with_counts
from jobs.lifecycle import Status
from marketplace.api.pagination import Page
from marketplace.html import actor_of, page
from marketplace.screening.queries import with_flags

ROLES = {"": _("Everyone's"), "poster": _("Posted by me"), "worker": _("My work")}
SORTS = {
    USUAL: _("Newest, or best match"),
    listing.NEWEST: _("Newest first"),
    "budget_desc": _("Highest budget"),
    "budget_asc": _("Lowest budget"),
    "deadline": _("Deadline soonest"),
}
SORT_COOKIE = "jobs_sort"
YEAR = 365 * 24 * 3600


@require_GET
@page
def job_list(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    asked = _asked(request)
    status = _status(asked)
    found, meant = _find(request, asked, status, actor)
    narrowed = {name: asked[name] for name in FILTERS if name in asked}
    # One's own jobs are few, and not all public.
    counts = None if asked.get("role") else count({**narrowed, "status": _statuses(status)})
    categories = all_categories()
    context = {
        "asked": asked,
        "narrowed": narrowed,
        "page": found,
        "meant": meant,
        "facets": facets(asked, status, categories, counts),
        "chosen": chosen(asked, categories),
        "sort": _sort(request, asked),
        "sorts": SORTS,
        "roles": ROLES,
        "clear": address({name: asked[name] for name in VIEW if name in asked}),
        "saved_query": address(narrowed),
    }
    response = render(request, "browsing/_browse.html" if request.htmx else "browsing/job_list.html", context)  # type: ignore[attr-defined]
    if request.htmx:  # type: ignore[attr-defined]
        response["HX-Push-Url" if request.htmx.boosted else "HX-Replace-Url"] = request.path + address(asked)  # type: ignore[attr-defined]
    if asked.get("sort"):
        response.set_cookie(
            SORT_COOKIE, asked["sort"], max_age=YEAR, secure=request.is_secure(), samesite="Lax", httponly=True
        )
    return response


@require_GET
def category_list(request: HttpRequest) -> HttpResponse:
    return render(request, "browsing/categories.html", {"categories": categories_with_counts(), "most": MOST_COUNTED})


def _asked(request: HttpRequest) -> dict[str, str]:
    """What the address narrows and sorts by; one's own jobs are for people who are logged in."""
    sent = {name: request.GET[name].strip() for name in (*FILTERS, *VIEW) if request.GET.get(name, "").strip()}
    if sent.get("role") not in ROLES or not request.user.is_authenticated:
        sent.pop("role", None)
    if sent.get("sort") not in SORTS:
        sent.pop("sort", None)
    return sent


def _status(asked: Mapping[str, str]) -> str:
    """The status asked for. Without one: jobs open for bids, or all of one's own."""
    status = asked.get("status", "").upper()
    if status in Status:
        return status
    return ANY_STATUS if status or asked.get("role") else Status.OPEN.value


def _statuses(status: str) -> str:
    return "" if status == ANY_STATUS else status


def _sort(request: HttpRequest, asked: Mapping[str, str]) -> str:
    """As the address says, else as the reader sorted last."""
    remembered = request.COOKIES.get(SORT_COOKIE, "")
    return asked.get("sort") or (remembered if remembered in SORTS else USUAL)


def _find(request: HttpRequest, asked: Mapping[str, str], status: str, actor: Agent | None) -> tuple[Page, str]:
    """The jobs as the API finds them, and the words that were put right, if any were."""
    narrowed = {name: asked[name] for name in FILTERS if name in asked}
    place = {"sort": _sort(request, asked).replace(USUAL, ""), "cursor": request.GET.get("cursor", "")}
    wanted = listing.read({**narrowed, **place, "status": _statuses(status)})
    role = asked.get("role")
    parts = [listing.with_part(role, actor)] if role and actor is not None else []
    found = listing.find(wanted, actor, *parts, drafts=bool(parts))
    return Page(_jobs(found, actor), found.next_cursor), found.meant


def _jobs(found: listing.Found, actor: Agent | None) -> list[Any]:
    shown = with_flags(queries.visible_to(actor).filter(pk__in=[place.id for place in found.places]))
    jobs = {str(job.pk): job for job in shown}
    return [jobs[place.id] for place in found.places if place.id in jobs]
