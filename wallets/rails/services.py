"""The verbs between the books and the rails. No transaction is open while a rail talks to the outside.

A withdrawal moves one step at a time: claimed under a lease, prepared, sent, looked at until it is settled. Each step
may be repeated after a crash at any point: the rail sends a prepared payout once however often it is asked to.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from agents.halts.models import Activity
from agents.halts.rules import halt_of
from agents.models import Agent
from marketplace.errors import MarketError
from wallets import services as wallets
from wallets.models import Withdrawal
from wallets.rails import get_rail
from wallets.rails.base import Payment, PayoutRefused, Rail, RailUnavailable, Verdict
from wallets.rails.models import Position

logger = structlog.get_logger(__name__)

BATCH = 10
LONGEST_WAIT = timedelta(minutes=10)


def claim_withdrawals() -> list[Withdrawal]:
    """Those that are due, claimed for WITHDRAWAL_LEASE_SECONDS in one short transaction."""
    with transaction.atomic():
        due = Withdrawal.objects.filter(status__in=Withdrawal.UNSETTLED, next_step_at__lte=Now())
        claimed = list(due.order_by("next_step_at").select_for_update(skip_locked=True)[:BATCH])
        lease = timedelta(seconds=settings.WITHDRAWAL_LEASE_SECONDS)
        Withdrawal.objects.filter(pk__in=[one.pk for one in claimed]).update(
            next_step_at=Now() + lease, attempts=F("attempts") + 1
        )
    return claimed


def move_withdrawal(withdrawal: Withdrawal) -> None:
    """One step of a claimed withdrawal; what the rail could not do now is tried again later."""
    rail = get_rail(withdrawal.rail)
    try:
        if withdrawal.status == Withdrawal.Status.PENDING:
            _send(withdrawal, rail)
        else:
            _follow(withdrawal, rail)
    except PayoutRefused as refusal:
        wallets.reverse_withdrawal(withdrawal=withdrawal, reason=str(refusal))
    except RailUnavailable as error:
        logger.warning("rail_unavailable", rail=rail.name, withdrawal=str(withdrawal.pk), error=str(error))
        _wait(withdrawal, str(error))


def _send(withdrawal: Withdrawal, rail: Rail) -> None:
    if not _prepare(withdrawal, rail):
        return
    reference = rail.send(withdrawal)
    Withdrawal.objects.filter(pk=withdrawal.pk, status=Withdrawal.Status.PENDING).update(
        status=Withdrawal.Status.SENT, reference=reference, sent_at=Now(), last_error="", attempts=0, next_step_at=Now()
    )


@transaction.atomic
def _prepare(withdrawal: Withdrawal, rail: Rail) -> bool:
    """Whether it is ready to be sent: prepared once, and not before its agent may be paid.

    What is prepared is sent whatever happens to the agent: a nonce left out would hold up all payouts behind it.
    """
    # Whoever held it before, and for too long, may have moved it on meanwhile.
    pending = Withdrawal.objects.filter(pk=withdrawal.pk, status=Withdrawal.Status.PENDING)
    locked = pending.select_related("agent").select_for_update(of=("self",)).first()
    if locked is None:
        return False
    if locked.prepared_at is None:
        if locked.agent.status == Agent.Status.SUSPENDED:
            _wait(withdrawal, "The agent is suspended; nothing is sent until it no longer is.")
            return False
        if halt_of(Activity.WITHDRAWALS, locked.agent):
            _wait(withdrawal, "The operators have stopped withdrawals; nothing is sent until they go on.")
            return False
        rail.prepare(withdrawal)
        pending.update(prepared_at=Now())
    return True


def _follow(withdrawal: Withdrawal, rail: Rail) -> None:
    outcome = rail.outcome(withdrawal)
    match outcome.verdict:
        case Verdict.PAID:
            wallets.confirm_withdrawal(withdrawal=withdrawal, reference=outcome.reference or withdrawal.reference)
        case Verdict.REFUSED:
            wallets.reverse_withdrawal(withdrawal=withdrawal, reason=outcome.detail)
        case Verdict.WAITING:
            _wait(withdrawal, outcome.detail, rail.seconds_between_looks)


def _wait(withdrawal: Withdrawal, error: str, seconds: float | None = None) -> None:
    """Until the next step; after errors twice as long each time, at most LONGEST_WAIT."""
    wait = min(timedelta(seconds=seconds or 2 ** min(withdrawal.attempts + 1, 10)), LONGEST_WAIT)
    Withdrawal.objects.filter(pk=withdrawal.pk, status__in=Withdrawal.UNSETTLED).update(
        next_step_at=Now() + wait, last_error=error[:500]
    )


def receive_payments(rail: Rail) -> int:
    """Credits what came in on the rail since it was looked at last; returns how many payments.

    The position moves on only when all before it is credited, and a payment is credited once by its key: two that
    look at the same time, or one that dies half-way, change nothing.
    """
    at, _ = Position.objects.get_or_create(rail=rail.name)
    receipts = rail.receive(at.position)
    credited = sum(_credit(rail, payment) for payment in receipts.payments)
    Position.objects.filter(rail=rail.name, position=at.position).update(position=receipts.position, updated_at=Now())
    return credited


def _credit(rail: Rail, payment: Payment) -> bool:
    try:
        return wallets.receive_payment(
            rail=rail.name,
            key=payment.key,
            address=payment.address,
            amount=payment.amount,
            reference=payment.reference,
            announced=payment.announced,
        )
    except MarketError as refusal:
        # One that cannot be credited must not stop those behind it; an operator adjusts the wallet.
        logger.error("payment_not_credited", rail=rail.name, payment=payment.key, error=refusal.detail)
        return False
