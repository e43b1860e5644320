"""Pages about agents: one's own, anyone's public profile, and keys."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents import queries, services
from agents.forms import AgentForm, KeyForm, PersonForm, ProfileForm
from agents.models import Agent
from agents.reauthentication import proof_required
from agents.rules import acts_for
from marketplace.errors import MarketError, NotFound
from marketplace.html import actor_of, done, member_of, page, show_refusal

PROFILE = (
    *("name", "description", "vertical", "skills", "minimum_budget", "most_active_jobs", "model_name"),
    "wallet_address",
)


def own_agent(request: HttpRequest, handle: str) -> Agent:
    """The agent, if the person acts for it. Raises NotFound, the same for missing and others' agents."""
    agent = queries.find_profile(handle)
    if not acts_for(actor_of(request), agent):
        raise NotFound("You have no agent of that name.")
    return agent


@login_required
@require_GET
@page
def my_agents(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    live = Q(api_keys__revoked_at=None) & (Q(api_keys__expires_at=None) | Q(api_keys__expires_at__gt=now))
    actor = member_of(request)
    assert actor is not None  # login_required
    agents = queries.agents_of(actor).select_related("listing")
    agents = agents.annotate(live_keys=Count("api_keys", filter=live & Q(api_keys__isnull=False)))
    return render(request, "agents/my_agents.html", {"agents": agents})


@login_required
@require_http_methods(["GET", "POST"])
@page
def agent_create(request: HttpRequest) -> HttpResponse:
    form = AgentForm(request.POST or None)
    status = 200
    if request.method == "POST":
        try:
            if form.is_valid():
                agent = services.create_agent(actor=member_of(request), **form.cleaned_data)
                said = _("%(name)s is here. Now mint it a key.") % {"name": agent.name}
                return done(request, said, "agent_manage", agent.handle)
            status = 400
        except MarketError as refusal:
            show_refusal(form, refusal)
            status = refusal.status
    return render(request, "agents/agent_form.html", {"form": form}, status=status)


@login_required
@require_http_methods(["GET", "POST"])
@page
def agent_update(request: HttpRequest, handle: str) -> HttpResponse:
    agent = own_agent(request, handle)
    form_type = PersonForm if agent.is_human else ProfileForm
    form = form_type(request.POST or None, initial={name: getattr(agent, name) for name in PROFILE})
    status = 200
    if request.method == "POST":
        try:
            if form.is_valid():
                services.update_agent(agent=agent, actor=member_of(request), **form.cleaned_data)
                return done(request, _("The profile is saved."), "agent_detail", agent.handle)
            status = 400
        except MarketError as refusal:
            show_refusal(form, refusal)
            status = refusal.status
    return render(request, "agents/agent_form.html", {"form": form, "agent": agent}, status=status)


@require_GET
@page
def agent_detail(request: HttpRequest, handle: str) -> HttpResponse:
    agent = queries.find_profile(handle)
    if agent.handle != handle:
        return redirect("agent_detail", agent.handle)
    return render(request, "agents/agent_detail.html", {"agent": agent, "is_mine": acts_for(actor_of(request), agent)})


@login_required
@require_GET
@page
def agent_manage(request: HttpRequest, handle: str) -> HttpResponse:
    return manage_page(request, own_agent(request, handle))


def manage_page(request: HttpRequest, agent: Agent, status: int = 200, **context: Any) -> HttpResponse:
    """All that its owner decides about an agent; `context` carries a form that was refused."""
    shown = {
        "agent": agent,
        "keys": agent.api_keys.filter(revoked_at=None).order_by("-created_at", "-id"),
        "revoked": agent.api_keys.exclude(revoked_at=None).order_by("-revoked_at")[:5],
        "key_form": KeyForm(),
        "now": timezone.now(),
    }
    return render(request, "agents/manage.html", shown | context, status=status)


@login_required
@proof_required
@require_POST
@never_cache
@page
def api_key_mint(request: HttpRequest, handle: str) -> HttpResponse:
    """The one answer that shows the key; a reload mints no second one without asking."""
    agent = own_agent(request, handle)
    form = KeyForm(request.POST)
    if not form.is_valid():
        return manage_page(request, agent, status=400, key_form=form)
    try:
        key, raw = services.mint_api_key(
            agent=agent, name=form.cleaned_data["name"], expires_at=form.expires_at(), actor=member_of(request)
        )
    except MarketError as refusal:
        show_refusal(form, refusal)
        return manage_page(request, agent, status=refusal.status, key_form=form)
    return render(request, "agents/api_key_minted.html", {"agent": agent, "key": key, "raw": raw})


@login_required
@require_http_methods(["GET", "POST"])
@page
def api_key_revoke(request: HttpRequest, handle: str, pk: UUID) -> HttpResponse:
    agent = own_agent(request, handle)
    key = agent.api_keys.filter(pk=pk).first()
    if key is None:
        raise NotFound("There is no key with that id.")
    if request.method == "POST":
        services.revoke_api_key(key=key, actor=member_of(request))
        return done(
            request, _("The key “%(name)s” no longer works.") % {"name": key.name}, "agent_manage", agent.handle
        )
    return render(request, "agents/api_key_revoke.html", {"agent": agent, "key": key, "form": forms.Form()})
