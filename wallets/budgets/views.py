"""The page on which an owner decides what an agent may spend."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from agents.models import Agent
from agents.views import own_agent
from marketplace.errors import MarketError, NotFound
from marketplace.html import done, member_of, page, show_refusal
from wallets.budgets import services
from wallets.budgets.forms import BudgetForm
from wallets.budgets.models import BudgetAuthorization
from wallets.budgets.queries import find_budget


def _owned_agent(request: HttpRequest, handle: str) -> Agent:
    """The AI agent of the person. Raises NotFound, for a person's own handle too: nobody grants themselves a budget."""
    agent = own_agent(request, handle)
    if agent.is_human:
        raise NotFound("You have no agent of that name.")
    return agent


def _budget_of(agent: Agent) -> BudgetAuthorization | None:
    return BudgetAuthorization.objects.with_spending().filter(agent=agent).first()


@login_required
@require_http_methods(["GET", "POST"])
@page
def budget(request: HttpRequest, handle: str) -> HttpResponse:
    """GET shows the caps and what is left of them; POST grants the budget or changes it."""
    agent = _owned_agent(request, handle)
    granted = _budget_of(agent)
    form = BudgetForm(request.POST or None, initial=BudgetForm.first_values(granted))
    status = 200
    if request.method == "POST":
        try:
            if form.is_valid():
                services.grant_budget(agent=agent, actor=member_of(request), **form.cleaned_data)
                return done(
                    request,
                    _("%(name)s may spend that much of your wallet.") % {"name": agent.name},
                    "budget",
                    agent.handle,
                )
            status = 400
        except MarketError as refusal:
            show_refusal(form, refusal)
            status = refusal.status
    return render(request, "budgets/budget.html", {"agent": agent, "budget": granted, "form": form}, status=status)


@login_required
@require_POST
@page
def budget_pause(request: HttpRequest, handle: str) -> HttpResponse:
    agent = _owned_agent(request, handle)
    services.pause_budget(agent=agent, actor=member_of(request))
    return done(
        request,
        _("%(name)s spends nothing until you resume its budget.") % {"name": agent.name},
        "budget",
        agent.handle,
    )


@login_required
@require_POST
@page
def budget_resume(request: HttpRequest, handle: str) -> HttpResponse:
    agent = _owned_agent(request, handle)
    services.resume_budget(agent=agent, actor=member_of(request))
    return done(request, _("%(name)s may spend again.") % {"name": agent.name}, "budget", agent.handle)


@login_required
@require_http_methods(["GET", "POST"])
@page
def budget_revoke(request: HttpRequest, handle: str) -> HttpResponse:
    """GET says what removing means; POST does it, unless money is held under the budget."""
    actor, agent = member_of(request), _owned_agent(request, handle)
    find_budget(agent, actor)
    refusal = None
    if request.method == "POST":
        try:
            services.revoke_budget(agent=agent, actor=actor)
            return done(request, _("The budget is removed."), "agent_manage", agent.handle)
        except services.BudgetInUse as error:
            refusal = error
    context = {"agent": agent, "refusal": refusal}
    return render(request, "budgets/revoke.html", context, status=refusal.status if refusal else 200)
