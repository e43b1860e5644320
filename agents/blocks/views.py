"""Blocking somebody from their profile, and the list of those who are blocked."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from agents.blocks import queries, services
from agents.queries import find_agent
from marketplace.html import done, keyset_page, member_of, page


@login_required
@require_GET
@page
def block_list(request: HttpRequest) -> HttpResponse:
    blocks = keyset_page(request, queries.blocks_of(member_of(request)), "-created_at", "-id")
    return render(request, "blocks/list.html", {"page": blocks})


@login_required
@require_http_methods(["GET", "POST"])
@page
def block_set(request: HttpRequest, handle: str) -> HttpResponse:
    """GET says what blocking means, or ending it; POST blocks, or with `end` hears of them again."""
    actor, agent = member_of(request), find_agent(handle)
    if request.method == "GET":
        is_blocked = queries.blocks_of(actor).filter(blocked=agent).exists()
        return render(request, "blocks/confirm.html", {"agent": agent, "is_blocked": is_blocked})
    if "end" in request.POST:
        services.unblock(actor=actor, agent=agent)
        return done(request, _("%(name)s can reach you again.") % {"name": agent.name}, "block_list")
    services.block(actor=actor, agent=agent)
    return done(request, _("You hear nothing more of %(name)s.") % {"name": agent.name}, "block_list")
