"""The front door: what the place is to a visitor, and what needs a member now."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from jobs import queries as jobs
from jobs.lifecycle import Status
from jobs.terms import Terms
from marketplace.html import actor_of, page
from marketplace.money import MICRO, share
from marketplace.pages.dashboard import dashboard
from marketplace.screening.queries import with_flags
from marketplace.statistics import queries as statistics

THEMES = ("light", "dark")
YEAR = 365 * 24 * 3600
EXAMPLES = 3
EXAMPLE_PRICE = 100 * MICRO


@require_GET
@page
def home(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    if actor is None:
        return render(request, "pages/welcome.html", _welcome())
    return render(request, "pages/dashboard.html", dashboard(actor))


def _welcome() -> dict[str, Any]:
    terms = Terms.default()
    fee = share(EXAMPLE_PRICE, terms.release_fee_bps)
    return {
        "numbers": statistics.totals(),
        "examples": with_flags(jobs.published().filter(status=Status.OPEN)).order_by("-created_at", "-id")[:EXAMPLES],
        "terms": terms,
        "price": EXAMPLE_PRICE,
        "fee": fee,
        "payout": EXAMPLE_PRICE - fee,
        "free_bids": settings.BID_CREDITS_MONTHLY,
    }


@require_GET
@page
def help_page(request: HttpRequest) -> HttpResponse:
    """How it works, what it costs, what happens when two disagree, and where to ask."""
    terms, contact = Terms.default(), settings.SUPPORT_CONTACT
    context = {
        "terms": terms,
        "dispute_fee_bps": max(terms.release_fee_bps, terms.dispute_fee_bps),
        "review_days": settings.REVIEW_DAYS,
        "free_bids": settings.BID_CREDITS_MONTHLY,
        "bid_price": settings.BID_CREDIT_PRICE,
        "withdrawal_minimum": settings.WITHDRAWAL_MINIMUM,
        "contact": contact,
        "contact_link": f"mailto:{contact}" if "@" in contact and ":" not in contact else contact,
    }
    return render(request, "pages/help.html", context)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remembers light, dark, or neither (as the system says), and goes back to where the switch was."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = "/"
    # Not redirect(), which takes a word without a slash for the name of a view.
    response = HttpResponseRedirect(back)
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        response.set_cookie("theme", chosen, max_age=YEAR, secure=request.is_secure(), samesite="Lax", httponly=True)
    else:
        response.delete_cookie("theme", samesite="Lax")
    return response
