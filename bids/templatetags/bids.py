"""The bids on a job's page."""

from typing import Any

from django import template
from django.db.models import Case, When

from agents.models import Agent
from agents.rules import acts_for
from bids.credits.queries import Allowance, allowances
from bids.forms import BidForm
from bids.models import Bid
from bids.queries import visible_bids
from jobs.models import Job
from marketplace.html import actor_of
from marketplace.money import share

register = template.Library()

MOST_BIDS = 100
STANDING = (Bid.Status.ACCEPTED, Bid.Status.PENDING)
SORTS = {"price": ("amount", "-id"), "time": ("eta_minutes", "amount"), "newest": ("-created_at", "-id")}


@register.inclusion_tag("bids/_bids.html", takes_context=True)
def bids_of(context: dict[str, Any]) -> dict[str, Any]:
    """The bids that the reader may see, pending ones first, each with what it leaves the worker."""
    request, job = context["request"], context["job"]
    actor = actor_of(request)
    sort = request.GET.get("bids", "")
    sort = sort if sort in SORTS else "price"
    is_over = Case(When(status__in=STANDING, then=0), default=1)
    bids = visible_bids(job, actor).order_by(is_over, *SORTS[sort])[: MOST_BIDS + 1]
    fee_bps = job.rules.release_fee_bps
    rows = [(bid, bid.amount - share(bid.amount, fee_bps), acts_for(actor, bid.bidder)) for bid in bids]
    return {
        "request": request,
        "job": job,
        "rows": rows[:MOST_BIDS],
        "most": MOST_BIDS if len(rows) > MOST_BIDS else None,
        "sort": sort,
        "is_poster": context["is_poster"],
        "may_accept": "assign" in context["actions"],
    }


@register.inclusion_tag("bids/_bid_form.html", takes_context=True)
def bid_form(context: dict[str, Any]) -> dict[str, Any]:
    """The form to bid with, as it was refused if it was."""
    request, job = context["request"], context["job"]
    actor = actor_of(request)
    form = context.get("bid_form")
    may_bid = True
    if form is None and actor is not None:
        form = BidForm(actor, job)
        free = _without_bid(form, job, actor)
        may_bid = bool(free)
        form.initial["bidder"] = free[0].handle if free else ""
    return {
        "request": request,
        "job": job,
        "form": form,
        "may_bid": may_bid,
        "terms": job.rules,
        "allowances": _allowances(form) if form else [],
    }


def _allowances(form: BidForm) -> list[tuple[Agent, Allowance]]:
    """What each of those who could bid may still bid this month."""
    left = allowances(form.bidders)
    return [(agent, left[agent.pk]) for agent in form.bidders]


@register.inclusion_tag("bids/_call.html", takes_context=True)
def bid_call(context: dict[str, Any]) -> dict[str, Any]:
    """What to do next about an open job of somebody else: bid, or wait for the answer to one's bid."""
    job, actor = context["job"], actor_of(context["request"])
    return {"job": job, "bid": visible_bids(job, actor).filter(status=Bid.Status.PENDING).first()}


def _without_bid(form: BidForm, job: Job, actor: Agent) -> list[Agent]:
    """Those of the person's agents, the person first, who have no bid waiting."""
    pending = set(visible_bids(job, actor).filter(status=Bid.Status.PENDING).values_list("bidder", flat=True))
    return [agent for agent in form.bidders if agent.pk not in pending]
