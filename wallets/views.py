"""The pages of a wallet: one's own, or with `?agent=` that of an agent one owns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from agents.models import Agent
from agents.queries import agents_of, find_agent
from agents.reauthentication import proof_required
from agents.rules import acts_for, require_control
from marketplace.errors import FieldError, Invalid, MarketError, NotFound
from marketplace.html import keyset_page, member_of, page, show_refusal
from marketplace.identifiers import uuid7
from wallets import queries, services
from wallets.exports import csv_of
from wallets.forms import ConfirmedWithdrawalForm, DepositForm, LedgerForm, WithdrawalForm
from wallets.ledger import InsufficientFunds
from wallets.models import Deposit, Withdrawal
from wallets.statements import statement_of

RANGES = (30, 90, 365)
# Of a statement's movements; whoever has more of them in a month reads them in a spreadsheet.
MOST_LINES = 500
# What the list of each says.
DEPOSITS = {
    "heading": "Deposits",
    "address": "Paid to",
    "detail": "deposit_detail",
    "symbol": "coin",
    "nothing": "Nothing was paid in yet",
    "hint": "What you announce or pay in is listed here, with the transaction that brought it.",
}
WITHDRAWALS = {
    "heading": "Withdrawals",
    "address": "To",
    "detail": "withdrawal_detail",
    "symbol": "send",
    "nothing": "Nothing was taken out yet",
    "hint": "What you withdraw is listed here, with what became of it.",
}


def holder_of(request: HttpRequest) -> Agent:
    """Whose wallet it is. Raises NotFound, the same for missing agents and those of others."""
    actor = member_of(request)
    reference = request.GET.get("agent")
    holder = find_agent(reference, me=actor) if reference else actor
    if not acts_for(actor, holder):
        raise NotFound("There is no such wallet.")
    return holder


def _whose(request: HttpRequest, holder: Agent) -> str:
    """What the addresses of all pages of this wallet end in."""
    return "" if holder == member_of(request) else f"?agent={holder.handle}"


def _show(request: HttpRequest, template: str, holder: Agent, status: int = 200, **context: Any) -> HttpResponse:
    whose = _whose(request, holder)
    may_act = member_of(request).status != Agent.Status.SUSPENDED
    return render(
        request, f"wallets/{template}", {"holder": holder, "whose": whose, "may_act": may_act, **context}, status=status
    )


def _go(request: HttpRequest, holder: Agent, to: str, *args: Any) -> HttpResponse:
    return redirect(reverse(to, args=args) + _whose(request, holder))


# The wallet


@login_required
@require_GET
@page
def wallet(request: HttpRequest) -> HttpResponse:
    holder = holder_of(request)
    actor = member_of(request)
    form = LedgerForm(request.GET, first=holder.created_at)
    valid = form.is_valid()
    entries = keyset_page(request, form.narrow(queries.entries_of(holder, form.kind_of_account)), "-id")
    days = _days(request)
    return _show(
        request,
        "wallet.html",
        holder,
        status=200 if valid else 400,
        holders=[actor, *agents_of(actor)],
        balance=queries.balance(holder),
        days=days,
        ranges=RANGES,
        history=queries.balance_history(holder, days),
        form=form,
        page=entries,
        lines=[(entry, queries.describe(entry)) for entry in entries.rows],
    )


@login_required
@require_GET
@page
def statement(request: HttpRequest, month: str) -> HttpResponse:
    """A month, to print or to keep."""
    holder = holder_of(request)
    found = statement_of(holder, month)
    entries = list(found.entries[: MOST_LINES + 1])
    return _show(
        request,
        "statement.html",
        holder,
        statement=found,
        lines=[(entry, queries.describe(entry)) for entry in entries[:MOST_LINES]],
        is_cut=len(entries) > MOST_LINES,
    )


def _days(request: HttpRequest) -> int:
    """How far back the picture goes."""
    asked = request.GET.get("days", "")
    return next((days for days in RANGES if str(days) == asked), RANGES[0])


@login_required
@require_GET
@page
def wallet_export(request: HttpRequest) -> Any:  # to Django's types what streams is no HttpResponse
    """The lines that the ledger shows under the same filters, all of them. Raises Invalid."""
    holder = holder_of(request)
    form = LedgerForm(request.GET, first=holder.created_at)
    if not form.is_valid():
        raise Invalid(
            "The filters of the ledger are not valid; go back and look at them.",
            errors=[FieldError(name, str(errors[0])) for name, errors in form.errors.items()],
        )
    entries: Any = form.narrow(queries.entries_of(holder, form.kind_of_account))
    name = f"wallet-{holder.handle}-{datetime.now(UTC):%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        csv_of(entries),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
    )


# Money in


@login_required
@require_GET
@page
def deposit_list(request: HttpRequest) -> HttpResponse:
    holder = holder_of(request)
    rows = keyset_page(request, queries.deposits_of(holder), "-created_at", "-id")
    return _show(request, "crossing_list.html", holder, page=rows, words=DEPOSITS)


@login_required
@require_http_methods(["GET", "POST"])
@page
def deposit_announce(request: HttpRequest) -> HttpResponse:
    """How much; then the page that says where to pay."""
    holder = holder_of(request)
    require_control(member_of(request), holder)
    form = DepositForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                deposit = services.announce_deposit(agent=holder, actor=member_of(request), **form.cleaned_data)
            except MarketError as refusal:
                show_refusal(form, refusal)
                status = refusal.status
            else:
                return _go(request, holder, "deposit_detail", deposit.pk)
    return _show(request, "deposit_announce.html", holder, status, form=form)


@login_required
@require_GET
@page
def deposit_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    holder = holder_of(request)
    deposit = queries.find_deposit(pk, holder)
    return _progress(request, holder, "deposit", deposit, deposit=deposit)


def _progress(
    request: HttpRequest, holder: Agent, name: str, thing: Deposit | Withdrawal, **context: Any
) -> HttpResponse:
    """The page; for htmx only the part that changes, and nothing at all while it has not changed."""
    if not request.htmx:  # type: ignore[attr-defined]
        return _show(request, f"{name}_detail.html", holder, **context)
    if request.GET.get("known") == thing.status:
        return HttpResponse(status=204)
    return _show(request, f"_{name}_progress.html", holder, **context)


# Money out


@login_required
@require_GET
@page
def withdrawal_list(request: HttpRequest) -> HttpResponse:
    holder = holder_of(request)
    rows = keyset_page(request, queries.withdrawals_of(holder), "-created_at", "-id")
    return _show(request, "crossing_list.html", holder, page=rows, words=WITHDRAWALS)


@login_required
@require_http_methods(["GET", "POST"])
@page
def withdrawal_request(request: HttpRequest) -> HttpResponse:
    """How much and where to; then the same to look over before anything moves."""
    holder = holder_of(request)
    require_control(member_of(request), holder)
    if request.method != "POST":
        return _ask(request, holder, WithdrawalForm())
    available, bonus = _funds(holder)
    if "all" in request.POST:
        typed = {"address": request.POST.get("address"), "amount": available - bonus}
        return _ask(request, holder, WithdrawalForm(initial=typed))
    form = WithdrawalForm(request.POST)
    if form.is_valid():
        form.require_affordable(available - bonus)
    if not form.is_valid():
        return _ask(request, holder, form, status=400)
    left = available - form.cleaned_data["amount"]
    return _show(request, "withdrawal_confirm.html", holder, form=form, key=uuid7(), left=left, **form.cleaned_data)


def _funds(holder: Agent) -> tuple[int, int]:
    """Available micro-USDC, and how much of it is a bonus that cannot be withdrawn."""
    available = queries.balance(holder).available
    return available, min(available, queries.bonus_unspent(holder))


def _ask(request: HttpRequest, holder: Agent, form: WithdrawalForm, status: int = 200) -> HttpResponse:
    available, bonus = _funds(holder)
    return _show(
        request, "withdrawal_request.html", holder, status, form=form, withdrawable=available - bonus, bonus=bonus
    )


@login_required
@proof_required(allow_get=True)
@require_http_methods(["GET", "POST"])
@page
def withdrawal_confirm(request: HttpRequest) -> HttpResponse:
    """Asks for it, once however often it is sent. After a detour to sign in: back to the form."""
    holder = holder_of(request)
    form = ConfirmedWithdrawalForm(request.POST)
    if request.method != "POST":
        return _go(request, holder, "withdrawal_request")
    if not form.is_valid():
        return _ask(request, holder, form, status=400)
    typed = form.cleaned_data
    key = f"page:{typed.pop('key')}"
    try:
        withdrawal = services.request_withdrawal(agent=holder, actor=member_of(request), key=key, **typed)
    except InsufficientFunds as refusal:
        form.add_error("amount", refusal.detail)
        return _ask(request, holder, form, status=refusal.status)
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _ask(request, holder, form, status=refusal.status)
    return _go(request, holder, "withdrawal_detail", withdrawal.pk)


@login_required
@require_GET
@page
def withdrawal_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    holder = holder_of(request)
    withdrawal = queries.find_withdrawal(pk, holder)
    return _progress(request, holder, "withdrawal", withdrawal, withdrawal=withdrawal, steps=_steps(withdrawal))


def _steps(withdrawal: Withdrawal) -> list[tuple[str, str]]:
    """The way out, each step done, current or to come; one that was put back may never have been sent."""
    match withdrawal.status:
        case Withdrawal.Status.PENDING:
            states = ["done", "current", ""]
        case Withdrawal.Status.SENT:
            states = ["done", "done", "current"]
        case _:
            states = ["done", "done" if withdrawal.sent_at else "", "done"]
    last = "Put back" if withdrawal.status == Withdrawal.Status.REVERSED else "Paid"
    return list(zip(["Asked for", "Sent", last], states, strict=True))
