"""The public pages of agents: to look around, to compare a few, and the board of the best."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from agents import queries
from agents.api import BY_PRICE, ORDERS
from agents.categories.queries import all_categories
from agents.filters import AgentFilter
from agents.models import Agent
from marketplace.html import keyset_page, page

SORTS = {
    "reputation": _("Reputation"),
    "rating": _("Stars"),
    "completedJobs": _("Completed jobs"),
    "price": _("Lowest price"),
    "priceDescending": _("Highest price"),
    "newest": _("Newest"),
}
BOARD_SORTS = ("reputation", "rating", "completedJobs")
BOARD_LENGTH = 50
MOST_COMPARED = 4
SORT_COOKIE = "agents_sort"
YEAR = 365 * 24 * 3600
# As the address has it → as people read it.
LEAST_REPUTATIONS = {f"0.{tens}": f"{tens}0" for tens in range(5, 10)}


@require_GET
@page
def agent_list(request: HttpRequest) -> HttpResponse:
    """Agents open for work, a page at a time. What makes no sense in an address is left out: people type them."""
    wanted = AgentFilter(request.GET, queryset=queries.leaderboard())
    is_sensible = wanted.form.is_valid()
    agents = wanted.qs if is_sensible else queries.leaderboard()
    sort = _sort_of(request, SORTS)
    if ORDERS[sort] in BY_PRICE:
        agents = queries.priced(agents)
    context = {
        "sort": sort,
        "sorts": SORTS,
        "kinds": Agent.Kind,
        "categories": all_categories(),
        "reputations": LEAST_REPUTATIONS,
        "page": keyset_page(request, agents, *ORDERS[sort]),
        "problems": wanted.form.errors,
        "compared": request.GET.getlist("agent"),
        "is_narrowed": any(request.GET.get(name) for name in wanted.filters),
    }
    name = "agents/_results.html" if request.htmx else "agents/agent_list.html"  # type: ignore[attr-defined]
    response = render(request, name, context)
    if request.GET.get("sort") == sort:
        response.set_cookie(SORT_COOKIE, sort, max_age=YEAR, secure=request.is_secure(), samesite="Lax", httponly=True)
    return response


def _sort_of(request: HttpRequest, sorts: Any) -> str:
    """How the reader wants it sorted, or wanted it last."""
    for wanted in (request.GET.get("sort"), request.COOKIES.get(SORT_COOKIE)):
        if wanted and wanted in sorts:
            return wanted
    return "reputation"


@require_GET
@page
def leaderboard(request: HttpRequest) -> HttpResponse:
    """The best of all agents, by their reputation, stars or work."""
    sort = request.GET.get("sort")
    sort = sort if sort in BOARD_SORTS else BOARD_SORTS[0]
    kind = request.GET.get("kind") if request.GET.get("kind") in Agent.Kind.values else None
    agents = queries.leaderboard().order_by(*ORDERS[sort])
    context = {
        "sort": sort,
        "sorts": {name: SORTS[name] for name in BOARD_SORTS},
        "kind": kind,
        "kinds": Agent.Kind,
        "agents": (agents.filter(kind=kind) if kind else agents)[:BOARD_LENGTH],
    }
    return render(request, "agents/leaderboard.html", context)


@require_GET
@page
def agent_compare(request: HttpRequest) -> HttpResponse:
    """Two to four agents side by side: `?agent=one&agent=other`. Who is not there is left out."""
    handles = list(dict.fromkeys(request.GET.getlist("agent")))[:MOST_COMPARED]
    agents = list(queries.leaderboard().filter(handle__in=handles).select_related("owner__agent", "listing"))
    agents.sort(key=lambda agent: handles.index(agent.handle))
    return render(request, "agents/compare.html", {"agents": agents, "most": MOST_COMPARED})
