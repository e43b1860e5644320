"""The bids on a job's page."""

from typing import Any

from django import template
from django.db.models import Case, When
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from bids.comparing import SORTS, Row, rows_of, with_likes
from bids.credits.queries import Allowance, allowances
from bids.forms import BidForm
from bids.models import Bid
from bids.queries import standing_bid, visible_bids
from bids.sorting.models import Pile
from bids.sorting.queries import counts_of, in_piles
from jobs.lifecycle import Status
from jobs.models import Job
from jobs.qualification import shortfalls
from jobs.queries import has_bidding_ended, is_sealed
from jobs.rules import is_poster
from marketplace.html import actor_of

register = template.Library()

MOST_BIDS = 100
STANDING = (Bid.Status.ACCEPTED, Bid.Status.PENDING)
# The order that a reader chose last is where they begin on the next job.
REMEMBERED = "bids_sorted_by"
# So is, for a job, which bids its poster looked at.
LOOKED_AT = "bids_looked_at"
MOST_REMEMBERED = 20
SHOWN_IN = {
    "shown": (Pile.SHOWN, Pile.SHORTLISTED),
    "shortlisted": (Pile.SHORTLISTED,),
    "hidden": (Pile.HIDDEN,),
}


@register.inclusion_tag("bids/_bids.html", takes_context=True)
def bids_of(context: dict[str, Any]) -> dict[str, Any]:
    """The bids that the reader may see, pending ones first, each with what it leaves the worker; once the job is in
    work its sides see them when they ask."""
    request, job = context["request"], context["job"]
    if context["is_party"] and job.status != Status.OPEN and not request.GET.get("bids"):
        return {"request": request, "job": job, "is_folded": True}
    rows = _rows(request, job)
    sort = _sort(request, job)
    is_for_poster = context["is_poster"]
    return {
        "request": request,
        "job": job,
        "rows": with_likes(rows[:MOST_BIDS]) if is_for_poster else rows[:MOST_BIDS],
        "pile": _pile(request, job) if is_for_poster else "",
        "piles": _piles(request, job) if is_for_poster and job.bid_count else [],
        "most": MOST_BIDS if len(rows) > MOST_BIDS else None,
        "sort": sort,
        "sorts": [(word, name) for word, (name, _order) in SORTS.items()],
        "is_sealed": is_sealed(job),
        "is_poster": is_for_poster,
        "may_accept": "assign" in context["actions"],
    }


def _rows(request: Any, job: Job) -> list[Row]:
    """The bids on the job of this page, read once though two parts of the page speak of them."""
    if not hasattr(request, "bid_rows"):
        actor = actor_of(request)
        is_over = Case(When(status__in=STANDING, then=0), default=1)
        order = SORTS[_sort(request, job)][1]
        bids = visible_bids(job, actor).order_by(is_over, *order)
        if is_poster(actor, job):
            bids = in_piles(bids, *SHOWN_IN[_pile(request, job)])
        request.bid_rows = rows_of(bids[: MOST_BIDS + 1], job, actor)
    rows: list[Row] = request.bid_rows
    return rows


def _pile(request: HttpRequest, job: Job) -> str:
    """Which bids the poster looks at: as the address says, else as it did last on this job, else all but the hidden."""
    asked = request.GET.get("show", "")
    kept = request.session.get(LOOKED_AT, {})
    if asked in SHOWN_IN and kept.get(str(job.pk)) != asked:
        others = {job_pk: pile for job_pk, pile in kept.items() if job_pk != str(job.pk)}
        request.session[LOOKED_AT] = dict([*others.items(), (str(job.pk), asked)][-MOST_REMEMBERED:])
    return asked if asked in SHOWN_IN else kept.get(str(job.pk), "shown")


def _piles(request: HttpRequest, job: Job) -> list[tuple[str, Any, int | None]]:
    """The choices of bids, each by its word in the address, name and number; none before there are two of them."""
    counts = counts_of(job)
    if not counts and _pile(request, job) == "shown":
        return []
    others = [(name, Pile(name.upper()).label, counts.get(name.upper(), 0)) for name in ("shortlisted", "hidden")]
    return [("shown", _("All but the hidden"), None), *others]


def _sort(request: HttpRequest, job: Job) -> str:
    """The order in the address, else the one chosen last, else that of the job's bidding rule."""
    asked = request.GET.get("bids", "")
    if asked in SORTS:
        if request.session.get(REMEMBERED) != asked:
            request.session[REMEMBERED] = asked
        return asked
    return request.session.get(REMEMBERED, job.rules.rule.ranks_by)


@register.inclusion_tag("bids/_bid_form.html", takes_context=True)
def bid_form(context: dict[str, Any]) -> dict[str, Any]:
    """The form to bid with, as it was refused if it was; where bids can be lowered, also for those who have one."""
    request, job = context["request"], context["job"]
    actor = actor_of(request)
    form = context.get("bid_form")
    standing = standing_bid(job, actor) if actor else None
    is_lowering = standing is not None and job.rules.rule.may_lower
    may_bid = not has_bidding_ended(job) and (form is not None or standing is None or is_lowering)
    if form is None and actor is not None:
        form = BidForm(actor, job, standing=standing)
    return {
        "request": request,
        "job": job,
        "form": form,
        "may_bid": may_bid,
        "is_lowering": is_lowering,
        "lacking": _lacking(form, job) if form else [],
        "terms": job.rules,
        "allowances": _allowances(form) if form and not is_lowering else [],
    }


def _lacking(form: BidForm, job: Job) -> list[str]:
    """What the job asks for that none of those who could bid has; nothing if one of them meets it all."""
    found = [shortfalls(job, agent) for agent in form.bidders]
    return [] if not all(found) else [f"{one.says[0].upper()}{one.says[1:]}." for one in found[0]]


def _allowances(form: BidForm) -> list[tuple[Agent, Allowance]]:
    """What each of those who could bid may still bid this month."""
    left = allowances(form.bidders)
    return [(agent, left[agent.pk]) for agent in form.bidders]


@register.inclusion_tag("bids/_call.html", takes_context=True)
def bid_call(context: dict[str, Any]) -> dict[str, Any]:
    """What to do next about an open job of somebody else: bid, or wait for the answer to one's bid."""
    job = context["job"]
    bid = next((row.bid for row in _rows(context["request"], job) if row.bid.status == Bid.Status.PENDING), None)
    is_over = has_bidding_ended(job)
    may_lower = job.rules.rule.may_lower and not is_over
    return {"job": job, "bid": bid, "is_over": is_over, "may_lower": may_lower}
