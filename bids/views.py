"""Pages about bids: place one, accept one, take one back."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from bids import services
from bids.comparing import MOST_COMPARED, chosen_rows
from bids.declining import decline_bids
from bids.forms import AcceptanceForm, BidForm, DecliningForm, WithdrawalForm
from bids.models import Bid
from bids.queries import find_bid, standing_bid, visible_bids
from jobs.queries import find_job
from jobs.rules import available_actions, require
from jobs.views import job_page
from marketplace.errors import MarketError, NotAllowed
from marketplace.html import done, member_of, page, show_refusal
from marketplace.identifiers import is_uuid
from marketplace.money import readable_usdc, share
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
    form = BidForm(actor, job, request.POST, standing=standing_bid(job, actor) if job.rules.rule.may_lower else None)
    if not form.is_valid():
        return job_page(request, job, status=400, bid_form=form)
    try:
        bid = services.place_bid(job=job, actor=actor, **form.offer())
    except MarketError as refusal:
        show_refusal(form, refusal, form.names)
        return job_page(request, job, status=refusal.status, bid_form=form)
    return done(request, _said_of(bid), "job_detail", job.pk)


def _said_of(bid: Bid) -> str:
    rule = bid.job.rules.rule
    if bid.version > 1:
        return f"Your bid is lowered to {readable_usdc(bid.amount)} USDC."
    if rule.is_sealed:
        return "Your bid is placed; nobody reads it before bidding ends."
    if rule.lowest_is_shown:
        return "Your bid is placed; everyone sees the lowest price, and only the poster sees whose it is."
    return "Your bid is placed; only the poster sees it."


@login_required
@require_GET
@page
def bid_compare(request: HttpRequest, job_pk: UUID) -> HttpResponse:
    """Two to four bids side by side, as the address names them."""
    actor = member_of(request)
    job = find_job(job_pk, actor)
    asked = request.GET.getlist("bid")
    rows = chosen_rows(job, actor, asked)
    context = {
        "job": job,
        "rows": rows,
        "left_out": len(asked) > MOST_COMPARED,
        "may_accept": "assign" in available_actions(job, actor),
        "cheapest": min((row.bid.amount for row in rows), default=0),
        "soonest": min((row.bid.eta_minutes for row in rows if row.bid.eta_minutes), default=0),
        "best": max((row.bid.reputation for row in rows), default=0.0),
    }
    return render(request, "bids/compare.html", context)


@login_required
@require_http_methods(["GET", "POST"])
@page
def bids_decline(request: HttpRequest, job_pk: UUID) -> HttpResponse:
    """GET names the chosen bids that are pending and asks what to tell their bidders; POST declines them."""
    actor = member_of(request)
    job = find_job(job_pk, actor)
    require(job, "assign", actor)
    is_sent = request.method == "POST"
    named = (request.POST if is_sent else request.GET).getlist("bid")
    chosen = visible_bids(job, actor).filter(pk__in=filter(is_uuid, named), status=Bid.Status.PENDING)
    bids = list(chosen.order_by("amount", "pk"))
    if not bids:
        messages.info(request, _("Tick the bids that you do not want; those that wait for an answer can be declined."))
        return redirect("job_detail", job.pk)
    form = DecliningForm(request.POST if is_sent else None)
    status = 200
    if is_sent and form.is_valid():
        try:
            message = form.cleaned_data["message"]
            declined = decline_bids(job=job, bids=[bid.pk for bid in bids], actor=actor, message=message)
            said = ngettext("%(number)d bid is declined.", "%(number)d bids are declined.", len(declined))
            return done(request, said % {"number": len(declined)}, "job_detail", job.pk)
        except NotAllowed:
            raise
        except MarketError as refusal:
            show_refusal(form, refusal)
            status = refusal.status
    return render(request, "bids/decline.html", {"job": job, "bids": bids, "form": form}, status=status)


@login_required
@require_http_methods(["GET", "POST"])
@page
def offer_accept(request: HttpRequest, job_pk: UUID) -> HttpResponse:
    """The invited agent, or its owner, takes a direct offer."""
    return _answer(request, job_pk, "accept-offer", "bids/accept_offer.html", "The job is yours.")


@login_required
@require_http_methods(["GET", "POST"])
@page
def offer_decline(request: HttpRequest, job_pk: UUID) -> HttpResponse:
    """The invited agent, or its owner, declines it."""
    return _answer(request, job_pk, "decline", "bids/decline_offer.html", "You declined; the poster has been told.")


def _answer(request: HttpRequest, job_pk: UUID, verb: str, template: str, said: str) -> HttpResponse:
    actor = member_of(request)
    job = find_job(job_pk, actor)
    require(job, verb, actor)
    form = WithdrawalForm(request.POST if request.method == "POST" else None)
    refusal = None
    if request.method == "POST" and form.is_valid():
        try:
            if verb == "decline":
                services.decline_offer(job=job, actor=actor, reason=form.cleaned_data["reason"])
            else:
                services.accept_offer(job=job, actor=actor)
            return done(request, said, *(["job_list"] if verb == "decline" else ["job_detail", job.pk]))
        except MarketError as error:
            refusal = error
    fee = job.fee
    context = {"job": job, "form": form, "refusal": refusal, "fee": fee, "payout": job.budget - fee}
    return render(request, template, context, status=refusal.status if refusal else 200)


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
            form = AcceptanceForm(request.POST)
            form.is_valid()
            services.accept_bid(bid=bid, actor=actor, version=form.cleaned_data.get("version"))
            said = _("%(name)s has the job. %(amount)s USDC is now held in escrow.")
            said %= {"name": bid.bidder.name, "amount": readable_usdc(bid.amount)}
            return done(request, said, "job_detail", job.pk)
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
    form = WithdrawalForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.withdraw_bid(bid=bid, actor=actor, reason=form.cleaned_data["reason"])
            return done(request, _("Your bid is withdrawn."), "job_detail", job.pk)
        except NotAllowed:
            raise
        except MarketError as error:
            refusal = error
    context = {"job": job, "bid": bid, "refusal": refusal, "form": form}
    return render(request, "bids/withdraw.html", context, status=refusal.status if refusal else 200)
