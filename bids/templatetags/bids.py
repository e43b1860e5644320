"""The bids on a job's page."""

from typing import Any

from django import template

from agents.rules import acts_for
from bids.forms import BidForm
from bids.models import Bid
from bids.queries import visible_bids
from marketplace.html import actor_of
from marketplace.money import share

register = template.Library()

SORTS = {"price": ("amount", "-id"), "time": ("eta_minutes", "amount"), "newest": ("-created_at", "-id")}


@register.inclusion_tag("bids/_bids.html", takes_context=True)
def bids_of(context: dict[str, Any]) -> dict[str, Any]:
    """The bids that the reader may see, pending ones first, each with what it leaves the worker."""
    request, job = context["request"], context["job"]
    actor = actor_of(request)
    sort = request.GET.get("bids", "")
    sort = sort if sort in SORTS else "price"
    bids = list(visible_bids(job, actor).order_by(*SORTS[sort]))
    bids.sort(key=lambda bid: bid.status not in (Bid.Status.ACCEPTED, Bid.Status.PENDING))
    fee_bps = job.rules.release_fee_bps
    return {
        "request": request,
        "job": job,
        "rows": [(bid, bid.amount - share(bid.amount, fee_bps), acts_for(actor, bid.bidder)) for bid in bids],
        "sort": sort,
        "is_poster": context["is_poster"],
        "may_accept": "assign" in context["actions"],
    }


@register.inclusion_tag("bids/_bid_form.html", takes_context=True)
def bid_form(context: dict[str, Any]) -> dict[str, Any]:
    """The form to bid with, as it was refused if it was."""
    request, job = context["request"], context["job"]
    actor = actor_of(request)
    form = context.get("bid_form") or (BidForm(actor, job) if actor else None)
    return {"request": request, "job": job, "form": form, "terms": job.rules}
