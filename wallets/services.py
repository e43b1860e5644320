"""Every way money moves, one verb each. All are idempotent: the same movement asked for twice happens once."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from agents.halts.models import Activity
from agents.halts.rules import require_not_halted
from agents.models import Agent
from agents.rules import require_control, require_not_suspended, same_hand
from marketplace.addresses import parse_address
from marketplace.errors import Invalid, MarketError, NotAllowed
from marketplace.events import services as events
from marketplace.events.services import NewEvent
from marketplace.money import MAX_AMOUNT, format_usdc, share
from wallets import ledger
from wallets.budgets import services as budgets
from wallets.ledger import KeyReused, Leg
from wallets.models import BonusGrant, Deposit, DepositAddress, Transfer, Withdrawal
from wallets.queries import bonus_unspent, bonuses_given
from wallets.rails import get_rail
from wallets.rules import require_operator

if TYPE_CHECKING:
    from jobs.models import Job

WITHDRAWAL_TASK = "wallets.rails.tasks.move_withdrawals"

# Money in


@transaction.atomic
def deposit(*, agent: Agent, amount: int, key: str, rail: str = "direct", reference: str = "") -> bool:
    """Money came in from outside: micro-USDC for the agent to spend. False if this key was already credited.

    Without a rail it is play money, which the audit of real books would name. Raises Invalid unless the amount is
    positive and at most MAX_AMOUNT.
    """
    _require_between("amount", amount, 1, MAX_AMOUNT)
    return ledger.post(
        kind=Transfer.Kind.DEPOSIT,
        key=f"deposit:{rail}:{key}",
        legs=[Leg(ledger.DEPOSITS, -amount), Leg(ledger.available(agent), amount)],
        event=_event("wallet.deposited", agent, amount, None, **({"txHash": reference} if reference else {})),
    )


@transaction.atomic
def provision_wallet(*, agent: Agent, actor: Agent) -> DepositAddress:
    """The address to pay in at for this wallet, on the rail that takes new money; always the same."""
    require_control(actor, agent)
    rail = get_rail()
    known = DepositAddress.objects.filter(agent=agent, rail=rail.name).first()
    if known is not None:
        return known
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('wallets_depositaddress', 'id'))")
        [number] = cursor.fetchone()
    DepositAddress.objects.bulk_create(
        [DepositAddress(id=number, agent=agent, rail=rail.name, address=rail.derive_address(number))],
        ignore_conflicts=True,  # two asked at once: the first one's stays
    )
    return DepositAddress.objects.get(agent=agent, rail=rail.name)


@transaction.atomic
def announce_deposit(*, agent: Agent, amount: int, actor: Agent) -> Deposit:
    """The agent is about to pay in: where to, and a row that shows what became of it. Raises Invalid."""
    require_control(actor, agent)
    _require_between("amount", amount, settings.DEPOSIT_MINIMUM, settings.DEPOSIT_MAXIMUM)
    address = provision_wallet(agent=agent, actor=actor)
    return Deposit.objects.create(agent=agent, rail=address.rail, address=address.address, amount=amount)


@transaction.atomic
def receive_payment(
    *, rail: str, key: str, address: str, amount: int, reference: str, announced: UUID | None = None
) -> bool:
    """A rail saw a payment to one of its addresses: credited once, on the deposit announced or on a new one."""
    agent = DepositAddress.objects.select_related("agent").get(rail=rail, address=address).agent
    if not deposit(agent=agent, amount=amount, key=key, rail=rail, reference=reference):
        return False
    awaiting = Deposit.objects.filter(agent=agent, rail=rail, amount=amount, status=Deposit.Status.AWAITING)
    if announced is not None:
        awaiting = awaiting.filter(pk=announced)
    row = awaiting.order_by("created_at").select_for_update().first()
    row = row or Deposit(agent=agent, rail=rail, address=address, amount=amount)
    row.status, row.key, row.reference, row.confirmed_at = Deposit.Status.CONFIRMED, key, reference, Now()
    row.save()
    return True


@transaction.atomic
def grant_signup_bonus(*, agent: Agent, amount: int | None = None, source: str = "") -> int:
    """Gives the new account its bonus, once; returns its micro-USDC, 0 when the budget for bonuses is used up, or
    the newcomers from this `source` have had as many as one source gets.

    `amount` is what people get unless it is said; a source is a network address, empty where nobody knows it.
    It is spent on others' work and never withdrawn (SURVIVE M2): see `bonus_unspent`.
    """
    amount = settings.SIGNUP_BONUS if amount is None else amount
    if not amount:
        return 0
    with connection.cursor() as cursor:  # one at a time, so that the budget is never passed
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('signup bonus'))")
    if bonuses_given() + amount > settings.SIGNUP_BONUS_BUDGET or not _has_bonus_left(source):
        return 0
    moved = ledger.post(
        kind=Transfer.Kind.SIGNUP_BONUS,
        key=f"bonus:{agent.pk}",
        legs=[Leg(ledger.BONUSES, -amount), Leg(ledger.available(agent), amount)],
        event=_event("wallet.bonus_granted", agent, amount, None),
    )
    if moved and source:
        BonusGrant.objects.create(agent=agent, source=BonusGrant.digest_of(source))
    return amount if moved else 0


def _has_bonus_left(source: str) -> bool:
    """Whether newcomers from this source may still get a bonus; the caller holds the lock of all bonuses."""
    since = Now() - settings.SIGNUP_BONUS_SOURCE_WINDOW
    earlier = BonusGrant.objects.filter(source=BonusGrant.digest_of(source), created_at__gt=since)
    return not source or earlier.count() < settings.SIGNUP_BONUSES_PER_SOURCE


# A job's money. The event that tells of a change of the job travels with the money that it moves.


def hold_escrow(*, job: Job, amount: int, event: NewEvent | None = None) -> None:
    """Sets the payer's money aside for the job. Raises InsufficientFunds, and what a budget refuses."""
    _charge_budget(job, amount)
    ledger.post(
        kind=Transfer.Kind.ESCROW_HOLD,
        key=f"job:{job.pk}:hold",
        job=job,
        legs=[Leg(ledger.purse(job), -amount), Leg(ledger.escrow(job), amount)],
        event=event,
    )


def trim_escrow(*, job: Job, held: int, price: int, event: NewEvent | None = None) -> None:
    """Returns what was held above the agreed price; holds the difference if the price is above."""
    _charge_budget(job, price - held)
    ledger.post(
        kind=Transfer.Kind.ESCROW_TRIM,
        key=f"job:{job.pk}:trim",
        job=job,
        legs=[Leg(ledger.escrow(job), price - held), Leg(ledger.purse(job), held - price)],
        event=event,
    )


def release_escrow(
    *, job: Job, worker: Agent, price: int, fee: int, clears: bool = False, event: NewEvent | None = None
) -> None:
    """Pays the held price to the worker less the fee (micro-USDC), into clearing if it still has to clear."""
    paid = ledger.clearing(worker) if clears else ledger.available(worker)
    ledger.post(
        kind=Transfer.Kind.ESCROW_RELEASE,
        key=f"job:{job.pk}:release",
        job=job,
        legs=[Leg(ledger.escrow(job), -price), Leg(paid, price - fee), Leg(ledger.FEES, fee)],
        event=event,
    )


def mature_clearing(*, job: Job, worker: Agent, amount: int, event: NewEvent | None = None) -> None:
    """The dispute window has ended: the payout becomes the worker's to spend."""
    ledger.post(
        kind=Transfer.Kind.CLEARING_MATURED,
        key=f"job:{job.pk}:mature",
        job=job,
        legs=[Leg(ledger.clearing(worker), -amount), Leg(ledger.available(worker), amount)],
        event=event,
    )


def refund_escrow(*, job: Job, held: int, fee_bps: int) -> int:
    """Returns the held money to the payer less the fee; returns the payer's micro-USDC."""
    fee = share(held, fee_bps)
    ledger.post(
        kind=Transfer.Kind.ESCROW_REFUND,
        key=f"job:{job.pk}:refund",
        job=job,
        legs=[Leg(ledger.escrow(job), -held), Leg(ledger.purse(job), held - fee), Leg(ledger.FEES, fee)],
    )
    _charge_budget(job, fee - held)
    return held - fee


def split_escrow(
    *,
    job: Job,
    worker: Agent,
    price: int,
    to_poster: int,
    fee_bps: int,
    clearing: int | None = None,
    kind: Transfer.Kind = Transfer.Kind.DISPUTE_SPLIT,
) -> int:
    """Divides the held price, once; the fee is taken from the worker's part, which is returned in micro-USDC.

    `clearing` is what had been released of it and is still clearing: then the fee that was kept is divided anew too.
    """
    part = price - to_poster
    fee = share(part, fee_bps)
    if clearing is None:
        held, kept = Leg(ledger.escrow(job), -price), 0
    else:
        held, kept = Leg(ledger.clearing(worker), -clearing), price - clearing
    ledger.post(
        kind=kind,
        key=f"job:{job.pk}:split",
        job=job,
        legs=[
            held,
            Leg(ledger.purse(job), to_poster),
            Leg(ledger.available(worker), part - fee),
            Leg(ledger.FEES, fee - kept),
        ],
    )
    _charge_budget(job, -to_poster)
    return part - fee


def tip_worker(*, job: Job, worker: Agent, amount: int, event: NewEvent | None = None) -> None:
    """Gives the worker something on top, without a fee; not of an unspent bonus, which would be a way to cash it.

    Raises InsufficientFunds, and what a budget refuses.
    """
    _charge_budget(job, amount)
    ledger.post(
        kind=Transfer.Kind.TIP,
        key=f"job:{job.pk}:tip",
        job=job,
        legs=[Leg(ledger.purse(job), -amount, keep=bonus_unspent(job.payer)), Leg(ledger.available(worker), amount)],
        event=event,
    )


def _charge_budget(job: Job, amount: int) -> None:
    """Counts what an AI agent takes of its owner's wallet, or gives back (below zero), against its authorization."""
    if job.payer_id == job.poster_id or not amount:
        return
    if amount > 0:
        budgets.charge(job=job, amount=amount)
    else:
        budgets.give_back(job=job, amount=-amount)


# Other purchases


def buy_credits(*, agent: Agent, amount: int, quantity: int, key: str) -> bool:
    """Pays for bid credits; False if this key was already paid. An unspent bonus does not pay for them."""
    return ledger.post(
        kind=Transfer.Kind.CREDIT_PURCHASE,
        key=f"credits:{agent.pk}:{key}",
        legs=[Leg(ledger.available(agent), -amount, keep=bonus_unspent(agent)), Leg(ledger.FEES, amount)],
        note=f"{quantity} bid credit{'' if quantity == 1 else 's'}",
    )


# Money out


@transaction.atomic
def request_withdrawal(*, agent: Agent, actor: Agent, amount: int, address: str, key: str) -> Withdrawal:
    """Debits micro-USDC that a task will send to an address outside; with the same key again, the same withdrawal.

    Raises Invalid naming the field, InsufficientFunds, KeyReused, Halted.
    """
    require_control(actor, agent)
    require_not_halted(Activity.WITHDRAWALS, agent)
    if agent.controller_id is None:
        raise NotAllowed("An agent without an owner cannot withdraw; its owner has to claim it first.")
    address = parse_address(address)
    _require_between("amount", amount, settings.WITHDRAWAL_MINIMUM, MAX_AMOUNT)
    if DepositAddress.objects.filter(address=address).exists():
        raise Invalid.field("address", "Is an address of this marketplace; nothing can be withdrawn to it.")
    withdrawal, is_new = Withdrawal.objects.get_or_create(
        agent=agent, key=key, defaults={"amount": amount, "address": address, "rail": get_rail().name}
    )
    if not is_new:
        if (withdrawal.amount, withdrawal.address) != (amount, address):
            raise KeyReused("Another withdrawal already has that key.")
        return withdrawal
    ledger.post(
        kind=Transfer.Kind.WITHDRAWAL,
        key=f"withdrawal:{withdrawal.pk}",
        legs=[
            Leg(ledger.available(agent), -amount, keep=bonus_unspent(agent)),
            Leg(ledger.withdrawing(agent), amount),
        ],
        note=address,
        event=_event_of("wallet.withdrawal_requested", withdrawal, actor),
    )
    withdrawal.refresh_from_db()
    transaction.on_commit(lambda: events.wake(WITHDRAWAL_TASK))
    return withdrawal


@transaction.atomic
def confirm_withdrawal(*, withdrawal: Withdrawal, reference: str) -> bool:
    """The payment arrived outside. False if it was settled before: a rail may say so twice."""
    locked = _lock_unsettled(withdrawal)
    if locked is None:
        return False
    agent = locked.agent
    _settle(locked, Withdrawal.Status.CONFIRMED, reference=reference, last_error="")
    ledger.post(
        kind=Transfer.Kind.WITHDRAWAL_CONFIRMED,
        key=f"withdrawal:{locked.pk}:confirmed",
        legs=[Leg(ledger.withdrawing(agent), -locked.amount), Leg(ledger.WITHDRAWALS, locked.amount)],
        note=locked.address,
        event=_event_of("wallet.withdrawn", locked, None),
    )
    return True


@transaction.atomic
def reverse_withdrawal(*, withdrawal: Withdrawal, reason: str) -> bool:
    """The payment will never be made: the money is the agent's again. False if it was settled before."""
    locked = _lock_unsettled(withdrawal)
    if locked is None:
        return False
    agent = locked.agent
    _settle(locked, Withdrawal.Status.REVERSED, last_error=reason[:500])
    ledger.post(
        kind=Transfer.Kind.WITHDRAWAL_REVERSED,
        key=f"withdrawal:{locked.pk}:reversed",
        legs=[Leg(ledger.withdrawing(agent), -locked.amount), Leg(ledger.available(agent), locked.amount)],
        note=reason[:500],
        event=_event_of("wallet.withdrawal_reversed", locked, None, reason=reason),
    )
    return True


def _lock_unsettled(withdrawal: Withdrawal) -> Withdrawal | None:
    return (
        Withdrawal.objects.select_for_update(of=("self",), no_key=True)
        .select_related("agent")
        .filter(pk=withdrawal.pk, status__in=Withdrawal.UNSETTLED)
        .first()
    )


def _settle(withdrawal: Withdrawal, status: Withdrawal.Status, **changes: str) -> None:
    for field, value in {"status": status, "settled_at": Now(), **changes}.items():
        setattr(withdrawal, field, value)
    withdrawal.save(update_fields=["status", "settled_at", *changes])


# By operators


class NeedsConfirmation(MarketError):
    """The sum is above what one operator may post alone."""

    code, title = "NEEDS_CONFIRMATION", "Needs a second operator"
    detail = "A sum as large is posted once a second operator confirms it, who is somebody else."


def check_adjustment(amount: int, reason: str) -> None:
    """Raises Invalid naming what is wrong with an adjustment of so many micro-USDC."""
    if len(reason.strip()) < 3:
        raise Invalid.field("reason", "Say why; it stays in the ledger and the owner reads it.")
    if not amount:
        raise Invalid.field("amount", "Must not be 0.")
    _require_between("amount", abs(amount), 1, MAX_AMOUNT)


@transaction.atomic
def adjust_balance(
    *,
    agent: Agent,
    amount: int,
    reason: str,
    key: str,
    actor: Agent,
    confirmed_by: Agent | None = None,
    is_owed: bool = False,
) -> bool:
    """An operator puts a wallet right: micro-USDC to add, or to take when below zero, and why.

    Above `ADJUSTMENT_ALONE_UP_TO` a second operator has to confirm it. What `is_owed` by an appeal is paid also when
    the one who said so is no operator any more. False if this key was already posted. Raises NotAllowed, Invalid,
    NeedsConfirmation, InsufficientFunds.
    """
    for operator in filter(None, (None if is_owed else actor, confirmed_by)):
        require_operator(operator, agent)
        require_not_suspended(operator)
    check_adjustment(amount, reason)
    if abs(amount) > settings.ADJUSTMENT_ALONE_UP_TO and (confirmed_by is None or same_hand(actor, confirmed_by)):
        raise NeedsConfirmation()
    return ledger.post(
        kind=Transfer.Kind.ADJUSTMENT,
        key=f"adjustment:{key}",
        legs=[Leg(ledger.ADJUSTMENTS, -amount), Leg(ledger.available(agent), amount)],
        note=reason[:500],
        event=_event("wallet.adjusted", agent, amount, actor, reason=reason),
    )


def _require_between(field: str, amount: int, least: int, most: int) -> None:
    if not least <= amount <= most:
        raise Invalid.field(field, f"Must be at least {format_usdc(least)} and at most {format_usdc(most)}.")


def _event(type: str, agent: Agent, amount: int, actor: Agent | None, **data: str) -> NewEvent:
    facts = {"agentId": agent.handle, "amountUsdc": format_usdc(amount)}
    return events.describe(type, actor=actor, audience=[agent], data={**facts, **data})


def _event_of(type: str, withdrawal: Withdrawal, actor: Agent | None, **data: str) -> NewEvent:
    facts = {
        "withdrawalId": str(withdrawal.pk),
        "toAddress": withdrawal.address,
        "status": str(Withdrawal.Status(withdrawal.status).value),
        "txHash": withdrawal.reference,
    }
    return _event(type, withdrawal.agent, withdrawal.amount, actor, **facts, **data)
