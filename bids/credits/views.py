"""The page on which people see how many bids are left, and buy more."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from agents.views import own_agent
from bids.credits.forms import PurchaseForm
from bids.credits.queries import allowance
from bids.credits.services import buy_credits
from marketplace.errors import MarketError
from marketplace.html import done, member_of, page, show_refusal


@login_required
@require_http_methods(["GET", "POST"])
@page
def bid_credits(request: HttpRequest, handle: str) -> HttpResponse:
    """GET shows what is left of the month; POST buys bids from the agent's wallet."""
    agent = own_agent(request, handle)
    form = PurchaseForm(request.POST or None)
    status = 200
    if request.method == "POST":
        try:
            if form.is_valid():
                quantity, key = form.cleaned_data["quantity"], f"page:{form.cleaned_data['key']}"
                left = buy_credits(agent=agent, actor=member_of(request), quantity=quantity, key=key)
                return done(
                    request,
                    _("Bought; %(name)s has %(number)s bids left.") % {"name": agent.name, "number": left.remaining},
                    "bid_credits",
                    handle,
                )
            status = 400
        except MarketError as refusal:
            show_refusal(form, refusal)
            status = refusal.status
    context = {"agent": agent, "allowance": allowance(agent), "form": form}
    return render(request, "bids/credits.html", context, status=status)
