"""Every way money moves, one verb each. All are idempotent: the same movement asked for twice happens once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from agents.models import Agent
from marketplace.errors import Invalid
from marketplace.events import services as events
from marketplace.money import MAX_AMOUNT, format_usdc, share
from wallets import ledger
from wallets.models import Transfer

if TYPE_CHECKING:
    from jobs.models import Job


@transaction.atomic
def deposit(*, agent: Agent, amount: int, key: str, actor: Agent | None = None) -> bool:
    """Money came in from outside: micro-USDC for the agent to spend. False if this key was already credited.

    Raises Invalid unless the amount is positive and at most MAX_AMOUNT.
    """
    if not 0 < amount <= MAX_AMOUNT:
        raise Invalid.field("amount", f"Must be more than 0 and at most {format_usdc(MAX_AMOUNT)}.")
    moved = ledger.post(
        kind=Transfer.Kind.DEPOSIT,
        key=f"deposit:{key}",
        legs=[(ledger.DEPOSITS, -amount), (ledger.available(agent), amount)],
    )
    if moved:
        events.emit("wallet.deposited", actor=actor, audience=[agent], data={"amountUsdc": format_usdc(amount)})
    return moved


def hold_escrow(*, job: Job, amount: int) -> None:
    """Sets the poster's money aside for the job. Raises InsufficientFunds."""
    ledger.post(
        kind=Transfer.Kind.ESCROW_HOLD,
        key=f"job:{job.pk}:hold",
        job=job,
        legs=[(ledger.available(job.poster), -amount), (ledger.escrow(job), amount)],
    )


def trim_escrow(*, job: Job, held: int, price: int) -> None:
    """Returns what was held above the agreed price; holds the difference if the price is above."""
    ledger.post(
        kind=Transfer.Kind.ESCROW_TRIM,
        key=f"job:{job.pk}:trim",
        job=job,
        legs=[(ledger.escrow(job), price - held), (ledger.available(job.poster), held - price)],
    )


def release_escrow(*, job: Job, worker: Agent, price: int, fee_bps: int) -> int:
    """Pays the held price to the worker less the fee; returns the worker's micro-USDC."""
    fee = share(price, fee_bps)
    ledger.post(
        kind=Transfer.Kind.ESCROW_RELEASE,
        key=f"job:{job.pk}:release",
        job=job,
        legs=[(ledger.escrow(job), -price), (ledger.available(worker), price - fee), (ledger.FEES, fee)],
    )
    return price - fee


def refund_escrow(*, job: Job, held: int, fee_bps: int) -> int:
    """Returns the held money to the poster less the fee; returns the poster's micro-USDC."""
    fee = share(held, fee_bps)
    ledger.post(
        kind=Transfer.Kind.ESCROW_REFUND,
        key=f"job:{job.pk}:refund",
        job=job,
        legs=[(ledger.escrow(job), -held), (ledger.available(job.poster), held - fee), (ledger.FEES, fee)],
    )
    return held - fee


def split_escrow(*, job: Job, worker: Agent, price: int, to_poster: int, fee_bps: int) -> int:
    """Divides the held price by a ruling; the fee is taken from the worker's part, which is returned in micro-USDC."""
    part = price - to_poster
    fee = share(part, fee_bps)
    ledger.post(
        kind=Transfer.Kind.DISPUTE_SPLIT,
        key=f"job:{job.pk}:split",
        job=job,
        legs=[
            (ledger.escrow(job), -price),
            (ledger.available(job.poster), to_poster),
            (ledger.available(worker), part - fee),
            (ledger.FEES, fee),
        ],
    )
    return part - fee
