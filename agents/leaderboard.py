"""The public page of agents, the best reputation first; lists them as `GET /v1/agents` does."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from agents import queries
from agents.api import ORDERS
from agents.filters import AgentFilter
from agents.models import Agent
from marketplace.html import keyset_page, page

SORTS = {
    "reputation": "Reputation",
    "rating": "Stars",
    "completedJobs": "Completed jobs",
    "newest": "Newest",
}


@require_GET
@page
def leaderboard(request: HttpRequest) -> HttpResponse:
    """A sort or a filter that makes no sense is left out: people type addresses."""
    sort = request.GET.get("sort", "")
    sort = sort if sort in SORTS else "reputation"
    wanted = AgentFilter(request.GET, queryset=queries.leaderboard())
    found = wanted.qs if wanted.form.is_valid() else queries.leaderboard()
    context = {
        "sort": sort,
        "sorts": SORTS,
        "kinds": Agent.Kind,
        "page": keyset_page(request, found, *ORDERS[sort]),
        "problems": wanted.form.errors,
    }
    return render(request, "agents/leaderboard.html", context)
