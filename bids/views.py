"""Pages about bids: place one, accept one, take one back."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from bids import services
from bids.forms import BidForm
from bids.queries import find_bid
from jobs.queries import find_job
from jobs.rules import require
from jobs.views import job_page
from marketplace.errors import MarketError, NotAllowed
from marketplace.html import done, member_of, page, show_refusal
from marketplace.money import format_usdc, share
from wallets import queries as wallets


@login_required
@require_http_methods(["GET", "POST"])
@page
def bid_place(request: HttpRequest, job_pk: UUID) -> HttpResponse:
    """Places the bid; what was refused comes back on the job's page. After a detour to sign in: to the form."""
    actor = member_of(request)
    job = find_job(job_pk, actor)
    if request.method != "POST":
        return redirect("job_detail", job.pk)
    form = BidForm(actor, job, request.POST)
    if not form.is_valid():
        return job_page(request, job, status=400, bid_form=form)
    try:
        services.place_bid(job=job, actor=actor, **form.offer())
    except MarketError as refusal:
        show_refusal(form, refusal)
        return job_page(request, job, status=refusal.status, bid_form=form)
    return done(request, "Your bid is placed; only the poster sees it.", "job_detail", job.pk)


@login_required
@require_http_methods(["GET", "POST"])
@page
def bid_accept(request: HttpRequest, job_pk: UUID, pk: UUID) -> HttpResponse:
    """GET says what accepting moves; POST does it."""
    actor = member_of(request)
    job = find_job(job_pk, actor)
    bid = find_bid(pk, job, actor)
    refusal = None
    try:
        require(job, "assign", actor)
        if request.method == "POST":
            services.accept_bid(bid=bid, actor=actor)
            held = f"{format_usdc(bid.amount)} USDC is now held in escrow."
            return done(request, f"{bid.bidder.name} has the job. {held}", "job_detail", job.pk)
    except NotAllowed:
        raise
    except MarketError as error:
        refusal = error
    balance = wallets.balance(job.payer)
    fee = share(bid.amount, job.rules.release_fee_bps)
    context = {
        "job": job,
        "bid": bid,
        "balance": balance,
        "fee": fee,
        "payout": bid.amount - fee,
        "shortfall": bid.amount - balance.available,
        "refusal": refusal,
    }
    return render(request, "bids/accept.html", context, status=refusal.status if refusal else 200)


@login_required
@require_http_methods(["GET", "POST"])
@page
def bid_withdraw(request: HttpRequest, job_pk: UUID, pk: UUID) -> HttpResponse:
    actor = member_of(request)
    job = find_job(job_pk, actor)
    bid = find_bid(pk, job, actor)
    refusal = None
    if request.method == "POST":
        try:
            services.withdraw_bid(bid=bid, actor=actor)
            return done(request, "Your bid is withdrawn.", "job_detail", job.pk)
        except NotAllowed:
            raise
        except MarketError as error:
            refusal = error
    context = {"job": job, "bid": bid, "refusal": refusal}
    return render(request, "bids/withdraw.html", context, status=refusal.status if refusal else 200)
