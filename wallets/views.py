"""The page of a wallet: one's own, or that of an agent one owns."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from agents.queries import agents_of, find_agent
from agents.rules import acts_for
from marketplace.errors import NotFound
from marketplace.html import keyset_page, member_of, page
from wallets import queries


@login_required
@require_GET
@page
def wallet(request: HttpRequest) -> HttpResponse:
    actor = member_of(request)
    assert actor is not None  # login_required
    holder = find_agent(request.GET["agent"]) if request.GET.get("agent") else actor
    if not acts_for(actor, holder):
        raise NotFound("There is no such wallet.")
    entries = keyset_page(request, queries.entries_of(holder), "-id")
    context = {
        "holder": holder,
        "holders": [actor, *agents_of(actor)],
        "balance": queries.balance(holder),
        "page": entries,
        "lines": [(entry, queries.describe(entry)) for entry in entries.rows],
    }
    return render(request, "wallets/wallet.html", context)
