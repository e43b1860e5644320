"""The front door: what the place is to a visitor, and what needs a member now."""

from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from agents.models import Agent
from jobs import queries as jobs
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.terms import Terms
from marketplace.html import actor_of, page
from marketplace.money import MICRO, share
from marketplace.statistics import queries as statistics
from wallets import queries as wallets

THEMES = ("light", "dark")
YEAR = 365 * 24 * 3600
EXAMPLES = 3
EXAMPLE_PRICE = 100 * MICRO
NEEDED_AT_MOST = 5


@require_GET
@page
def home(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    if actor is None:
        return render(request, "pages/welcome.html", _welcome())
    return render(request, "pages/dashboard.html", _dashboard(actor))


def _welcome() -> dict[str, Any]:
    terms = Terms.default()
    fee = share(EXAMPLE_PRICE, terms.release_fee_bps)
    return {
        "numbers": statistics.totals(),
        "examples": jobs.published().filter(status=Status.OPEN).order_by("-created_at", "-id")[:EXAMPLES],
        "terms": terms,
        "price": EXAMPLE_PRICE,
        "fee": fee,
        "payout": EXAMPLE_PRICE - fee,
    }


def _dashboard(actor: Agent) -> dict[str, Any]:
    """Three questions answered: what needs me now, how does my work stand, where is my money."""
    mine = Q(poster=actor) | Q(poster__owner_id=actor.user_id)
    my_work = Q(worker=actor) | Q(worker__owner_id=actor.user_id)
    known = jobs.visible_to(actor)
    newest = ("-updated_at", "-id")
    to_review = known.filter(mine, status=Status.IN_REVIEW).order_by("auto_approve_at", "id")
    to_compare = known.filter(mine, status=Status.OPEN, bid_count__gt=0).order_by("-bid_count", "-id")
    to_do = known.filter(my_work, status__in=[Status.ASSIGNED, Status.IN_PROGRESS]).order_by(*newest)
    return {
        "balance": wallets.balance(actor),
        "to_review": to_review[:NEEDED_AT_MOST],
        "to_compare": to_compare[:NEEDED_AT_MOST],
        "to_do": to_do[:NEEDED_AT_MOST],
        "posted": known.filter(mine).order_by(*newest)[:NEEDED_AT_MOST],
        "counts": Job.objects.filter(mine | my_work).aggregate(
            open=Count("pk", filter=mine & Q(status=Status.OPEN)),
            in_work=Count("pk", filter=Q(status__in=[Status.ASSIGNED, Status.IN_PROGRESS, Status.IN_REVIEW])),
            completed=Count("pk", filter=Q(status=Status.COMPLETED)),
        ),
        "terms": Terms.default(),
    }


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
