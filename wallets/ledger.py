"""The one function that moves money. Everything it needs happens in PostgreSQL, in one round trip."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from psycopg.types.json import Jsonb

from marketplace.database import prepared_cursor
from marketplace.errors import MarketError
from marketplace.events.services import NewEvent, wake_relay
from marketplace.identifiers import uuid7
from marketplace.money import format_usdc
from wallets.models import Account, Transfer

if TYPE_CHECKING:
    from agents.models import Agent
    from jobs.models import Job


class InsufficientFunds(MarketError):
    """An owned account holds less than the transfer takes from it."""

    status, code, title = 402, "INSUFFICIENT_FUNDS", "Insufficient funds"
    detail = "The wallet does not hold that much."


class KeyReused(MarketError):
    """A transfer with that key exists and was another movement."""

    code, title = "TRANSFER_KEY_REUSED", "Transfer key reused"
    detail = "Another movement of money already has that key."


@dataclass(frozen=True)
class AccountName:
    """Names an account by what it is; PostgreSQL opens it when it is first used."""

    kind: Account.Kind
    owner: UUID | None = None
    job: UUID | None = None


DEPOSITS = AccountName(Account.Kind.DEPOSITS)
WITHDRAWALS = AccountName(Account.Kind.WITHDRAWALS)
FEES = AccountName(Account.Kind.FEES)
BONUSES = AccountName(Account.Kind.BONUSES)
ADJUSTMENTS = AccountName(Account.Kind.ADJUSTMENTS)


def available(agent: Agent) -> AccountName:
    """What the agent may spend."""
    return AccountName(Account.Kind.AVAILABLE, owner=agent.pk)


def clearing(agent: Agent) -> AccountName:
    """What the agent has earned and may spend when the dispute windows have ended."""
    return AccountName(Account.Kind.CLEARING, owner=agent.pk)


def withdrawing(agent: Agent) -> AccountName:
    """What is on its way out to the agent."""
    return AccountName(Account.Kind.WITHDRAWING, owner=agent.pk)


def purse(job: Job) -> AccountName:
    """What the one who pays for the job may spend."""
    return AccountName(Account.Kind.AVAILABLE, owner=job.payer_id)


def escrow(job: Job) -> AccountName:
    """What is held for the job."""
    return AccountName(Account.Kind.ESCROW, job=job.pk)


@dataclass(frozen=True)
class Leg:
    """What a transfer adds to an account, in micro-USDC; at least `keep` must be left there."""

    account: AccountName
    amount: int
    keep: int = 0


def post(
    *,
    kind: Transfer.Kind,
    key: str,
    legs: Sequence[Leg],
    job: Job | None = None,
    note: str = "",
    event: NewEvent | None = None,
) -> bool:
    """Moves money, once: True if it moved now, False if the transfer with this key had already been made.

    The legs sum to zero; legs of zero are left out. The event, if there is one, is written with them: all of it is one
    round trip. PostgreSQL locks owned accounts in id order, so opposite transfers never deadlock. Raises
    InsufficientFunds, KeyReused.
    """
    moving = [leg for leg in legs if leg.amount]
    told = NOT_TOLD
    if event is not None:
        told = (event.uid, event.type, event.actor_id, _array(event.audience), Jsonb(event.data), event.body)
    # On its own the call is a transaction by itself.
    own = transaction.atomic(savepoint=False) if connection.in_atomic_block else nullcontext()
    try:
        with own, prepared_cursor() as cursor:
            cursor.execute(
                POST,
                (
                    uuid7(),
                    kind.value,
                    key,
                    job.pk if job else None,
                    note,
                    _array(leg.account.kind.value for leg in moving),
                    _array(leg.account.owner for leg in moving),
                    _array(leg.account.job for leg in moving),
                    _array(leg.amount for leg in moving),
                    _array(leg.keep for leg in moving),
                    *told,
                ),
            )
            moved = bool(cursor.fetchone()[0])
    except DatabaseError as error:
        refusal = _refusal(error)
        if refusal is None:
            raise
        raise refusal from error
    if moved and event is not None:
        wake_relay(event)
    return moved


POST = (
    "SELECT ledger_post(%s, %s, %s, %s, %s, %s::text[], %s::uuid[], %s::uuid[], %s::bigint[], %s::bigint[],"
    " %s, %s, %s, %s::uuid[], %s, %s)"
)
NOT_TOLD: tuple[Any, ...] = (None,) * 6


def _array(values: Iterable[object]) -> str:
    """An array as PostgreSQL writes it, of words, UUIDs and numbers, which need no quotes; the driver takes longer."""
    return "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"


def _refusal(error: DatabaseError) -> MarketError | None:
    """The refusal that PostgreSQL meant, or None if it was something else."""
    diagnosis: Any = getattr(error.__cause__, "diag", None)
    constraint = getattr(diagnosis, "constraint_name", None)
    if constraint == "account_balance_not_negative":
        holds = format_usdc(int(diagnosis.message_detail or 0))
        return InsufficientFunds(f"The wallet holds {holds} USDC, less than this takes.", extra={"available": holds})
    if constraint == "ledger_post_key":
        return KeyReused()
    return None
