"""How the poster sorts bids, on the pages."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bids.models import Bid
from bids.queries import find_bid
from bids.sorting.forms import MarkForm
from bids.sorting.models import Pile
from bids.sorting.services import require_sorter, sort_bid
from jobs.queries import find_job
from marketplace.errors import MarketError
from marketplace.html import done, member_of, page, show_refusal


@login_required
@require_http_methods(["GET", "POST"])
@page
def bid_sort(request: HttpRequest, job_pk: UUID, pk: UUID) -> HttpResponse:
    """Where the bid lies for the poster, why, and a note; a button in the list sends where alone."""
    actor = member_of(request)
    job = find_job(job_pk, actor)
    bid = find_bid(pk, job, actor)
    require_sorter(bid, actor)
    mark = getattr(bid, "mark", None)
    first = {"pile": mark.pile, "reason": mark.reason, "note": mark.note} if mark else {"pile": Pile.SHOWN}
    form = MarkForm(request.POST if request.method == "POST" else None, initial=first)
    status = 200
    if request.method == "POST":
        status = 400
        try:
            if form.is_valid():
                bid = sort_bid(bid=bid, actor=actor, **form.said())
                place = "bids" if bid.mark.pile == Pile.HIDDEN else f"bid-{bid.pk}"
                return done(request, _said_of(bid, form.said()), f"{reverse('job_detail', args=[job.pk])}#{place}")
        except MarketError as refusal:
            show_refusal(form, refusal)
            status = refusal.status
    return render(request, "bids/sort.html", {"job": job, "bid": bid, "form": form}, status=status)


def _said_of(bid: Bid, said: dict[str, str]) -> str:
    words = {
        Pile.SHORTLISTED: _("The bid of %(name)s is on your shortlist."),
        Pile.HIDDEN: _("The bid of %(name)s is hidden from you; it still stands."),
        Pile.SHOWN: _("The bid of %(name)s is shown with the others."),
    }
    return words.get(Pile(said["pile"]) if said.get("pile") else Pile.SHOWN, "") % {"name": bid.bidder.name}
