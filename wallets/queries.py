"""Reads of wallets."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from marketplace.errors import NotFound
from wallets.models import Account, Deposit, DepositAddress, Entry, Transfer, Withdrawal

if TYPE_CHECKING:
    from jobs.models import Job


@dataclass(frozen=True)
class Balance:
    """Micro-USDC: to spend, earned but not yet cleared, held for jobs the wallet pays for, and on its way out."""

    available: int = 0
    clearing: int = 0
    held: int = 0
    withdrawing: int = 0


def balance(agent: Agent) -> Balance:
    """The agent's money, as of now."""
    return balances([agent])[agent.pk]


def balances(agents: Collection[Agent]) -> dict[UUID, Balance]:
    """The money of each, by id, in two queries."""
    found: dict[UUID, dict[str, int]] = {agent.pk: {"held": 0} for agent in agents}
    own = Account.objects.filter(kind__in=Account.OF_AGENTS, owner__in=list(found), job=None)
    owned: Iterable[Any] = own.values_list("owner", "kind", "balance")
    for owner, kind, balance in owned:
        found[owner][kind.lower()] = balance
    escrows = Account.objects.filter(
        kind=Account.Kind.ESCROW, job__payer__in=list(found), job__completed_at=None, job__cancelled_at=None
    )
    for payer, micro in escrows.values_list("job__payer").annotate(sum=Sum("balance")):
        found[payer]["held"] = micro
    return {pk: Balance(**parts) for pk, parts in found.items()}


def escrow_balance(job: Job) -> int:
    """Micro-USDC held for the job."""
    account = Account.objects.filter(kind=Account.Kind.ESCROW, job=job).values_list("balance", flat=True)
    return account.first() or 0


def bonuses_given() -> int:
    """Micro-USDC of all sign-up bonuses so far. As many rows as their budget paid for."""
    given = Entry.objects.filter(account__kind=Account.Kind.BONUSES).aggregate(sum=Sum("amount"))["sum"]
    return -(given or 0)


def bonus_unspent(agent: Agent) -> int:
    """Micro-USDC of the sign-up bonus that have not yet paid for others' work, and so cannot be withdrawn."""
    return bonuses_unspent([agent]).get(agent.pk, 0)


def bonuses_unspent(agents: Collection[Agent]) -> dict[UUID, int]:
    """The same of each that was given one, by id, in at most two queries."""
    keys = [f"bonus:{agent.pk}" for agent in agents]
    bonuses = Entry.objects.filter(transfer__key__in=keys, account__kind=Account.Kind.AVAILABLE)
    given: dict[Any, int] = dict(bonuses.values_list("account__owner", "amount"))
    paid = _paid_to_others(given) if given else {}
    return {pk: max(0, amount - paid.get(pk, 0)) for pk, amount in given.items()}


def _paid_to_others(payers: Collection[UUID]) -> dict[UUID, int]:
    paid = Entry.objects.filter(transfer__job__payer__in=payers, transfer__kind__in=Transfer.PAYING)
    # What a ruling took out of clearing again is not paid.
    others = paid.exclude(account__owner=F("transfer__job__payer")).exclude(account__kind=Account.Kind.ESCROW)
    return dict(others.values_list("transfer__job__payer").annotate(sum=Sum("amount")))


def deposit_address(agent: Agent) -> str:
    """Where to pay in, on the rail that takes new money; "" until the wallet is provisioned."""
    known = DepositAddress.objects.filter(agent=agent, rail=settings.RAIL).values_list("address", flat=True)
    return known.first() or ""


def deposits_of(agent: Agent) -> QuerySet[Deposit]:
    """What the agent announced or paid in."""
    return Deposit.objects.filter(agent=agent)


def withdrawals_of(agent: Agent) -> QuerySet[Withdrawal]:
    """What the agent took out."""
    return Withdrawal.objects.filter(agent=agent)


def find_withdrawal(reference: str | UUID, agent: Agent) -> Withdrawal:
    """The agent's withdrawal with that id. Raises NotFound."""
    return _find(withdrawals_of(agent), reference, "There is no such withdrawal.")


def find_deposit(reference: str | UUID, agent: Agent) -> Deposit:
    """The agent's deposit with that id. Raises NotFound."""
    return _find(deposits_of(agent), reference, "There is no such deposit.")


def _find(rows: QuerySet[Any], reference: str | UUID, missing: str) -> Any:
    try:
        row = rows.filter(pk=UUID(str(reference))).first()
    except ValueError:
        row = None
    if row is None:
        raise NotFound(missing)
    return row


def stuck_withdrawals() -> QuerySet[Withdrawal]:
    """Withdrawals that operators should look at: asked for long ago and not settled."""
    return Withdrawal.objects.filter(
        status__in=Withdrawal.UNSETTLED, created_at__lte=Now() - settings.WITHDRAWAL_STUCK_AFTER
    ).order_by("created_at")


def entries_of(agent: Agent, kind: Account.Kind = Account.Kind.AVAILABLE) -> QuerySet[Entry]:
    """What moved one of the agent's balances, newest first, with its transfer and job."""
    # By the account's id, or PostgreSQL would not walk the index that has its entries in order.
    entries = Entry.objects.filter(account=_account_id(agent, kind))
    return entries.select_related("account", "transfer__job").order_by("-id")


def _account_id(agent: Agent, kind: Account.Kind) -> int | None:
    """None until money has moved there."""
    return Account.objects.filter(kind=kind, owner=agent, job=None).values_list("pk", flat=True).first()


def balance_history(agent: Agent, days: int) -> Sequence[tuple[date, int]]:
    """The available micro-USDC at the end of each of the last days (UTC), the last of which is today.

    As many index lookups as days, however many entries there are: ids of transfers are UUIDv7 and so tell the time,
    and ids of an account's entries follow its balance.
    """
    today = datetime.now(UTC).date()
    ends = [today + timedelta(days=1 - back) for back in reversed(range(days))]
    account = _account_id(agent, Account.Kind.AVAILABLE)
    if account is None:
        return []
    return list(zip((end - timedelta(days=1) for end in ends), _balances_before(account, ends), strict=True))


def balances_before(agent: Agent, days: Sequence[date]) -> list[int]:
    """The available micro-USDC when each of the days (UTC) began."""
    return _balances_before(_account_id(agent, Account.Kind.AVAILABLE), days)


def _balances_before(account: int | None, days: Sequence[date]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(HISTORY, {"account": account, "days": [_first_uuid7(day) for day in days]})
        return [balance or 0 for (balance,) in cursor.fetchall()]


def entries_between(agent: Agent, first: date, after: date) -> QuerySet[Entry]:
    """What moved the available balance from the beginning of the one day (UTC) to that of the other: exactly what lies
    between `balances_before` of the two."""
    with connection.cursor() as cursor:
        cursor.execute(BOUNDS, {"days": [_first_uuid7(first), _first_uuid7(after)]})
        [(low,), (high,)] = cursor.fetchall()
    return entries_of(agent).filter(pk__gte=low, pk__lt=high)


# Before which entry each of the days began.
BOUND = """coalesce(
    (SELECT id FROM wallets_entry WHERE transfer_id >= day.begin ORDER BY transfer_id, id LIMIT 1),
    9223372036854775807)"""
BOUNDS = f"SELECT {BOUND} FROM unnest(%(days)s::uuid[]) WITH ORDINALITY AS day(begin, number) ORDER BY number"  # noqa: S608

# The range of one account keeps PostgreSQL from walking all entries back to one of this account.
HISTORY = f"""
    SELECT (SELECT balance_after FROM wallets_entry
             WHERE account_id BETWEEN %(account)s AND %(account)s AND id < {BOUND}
             ORDER BY account_id, id DESC LIMIT 1)
      FROM unnest(%(days)s::uuid[]) WITH ORDINALITY AS day(begin, number) ORDER BY number
"""  # noqa: S608 - a constant of ours


def _first_uuid7(day: date) -> UUID:
    """No UUIDv7 of that day (UTC) or later is less."""
    milliseconds = int(datetime.combine(day, time(), UTC).timestamp() * 1000)
    return UUID(int=milliseconds << 80)


# What a line of the ledger means to the wallet's owner: (kind of transfer, money came in) → words.
WORDS = {
    (Transfer.Kind.DEPOSIT, True): _("Deposit"),
    (Transfer.Kind.SIGNUP_BONUS, True): _("Welcome bonus, to spend on others' work"),
    (Transfer.Kind.ESCROW_HOLD, False): _("Held in escrow for “{job}”"),
    (Transfer.Kind.ESCROW_TRIM, True): _("Returned: “{job}” was agreed below its budget"),
    (Transfer.Kind.ESCROW_TRIM, False): _("Held in addition: “{job}” was agreed above its budget"),
    (Transfer.Kind.ESCROW_RELEASE, True): _("Paid for “{job}”"),
    (Transfer.Kind.ESCROW_REFUND, True): _("Refunded: “{job}” was cancelled"),
    (Transfer.Kind.DISPUTE_SPLIT, True): _("Your part of “{job}” by the outcome of its dispute"),
    (Transfer.Kind.DISPUTE_SPLIT, False): _("Divided anew by the outcome of its dispute: “{job}”"),
    (Transfer.Kind.AGREED_SPLIT, True): _("Your part of “{job}”, as you agreed to end it"),
    (Transfer.Kind.TIP, True): _("Tip for “{job}”"),
    (Transfer.Kind.TIP, False): _("Tip given for “{job}”"),
    (Transfer.Kind.CLEARING_MATURED, True): _("Cleared: paid for “{job}”"),
    (Transfer.Kind.CLEARING_MATURED, False): _("Cleared: “{job}” is yours to spend"),
    (Transfer.Kind.CREDIT_PURCHASE, False): _("Bought {note}"),
    (Transfer.Kind.WITHDRAWAL, False): _("Withdrawal to {note}"),
    (Transfer.Kind.WITHDRAWAL, True): _("On its way to {note}"),
    (Transfer.Kind.WITHDRAWAL_CONFIRMED, False): _("Arrived at {note}"),
    (Transfer.Kind.WITHDRAWAL_REVERSED, True): _("Withdrawal put back: {note}"),
    (Transfer.Kind.WITHDRAWAL_REVERSED, False): _("Not sent: {note}"),
    (Transfer.Kind.ADJUSTMENT, True): _("Added by an operator: {note}"),
    (Transfer.Kind.ADJUSTMENT, False): _("Taken by an operator: {note}"),
}


def describe(entry: Entry) -> str:
    """The line in plain words."""
    transfer = entry.transfer
    words = WORDS[Transfer.Kind(transfer.kind), entry.amount > 0]
    return words.format(job=transfer.job.title if transfer.job else "", note=transfer.note)


def reference(transfer: Transfer) -> str:
    """A stable `0x` + 64 hex digits for an internal transfer; clients expect a transaction hash (WIRE 1.4)."""
    return reference_of(transfer.pk)


def reference_of(transfer_id: UUID) -> str:
    """The same, by its id."""
    return "0x" + hashlib.sha256(f"transfer:{transfer_id}".encode()).hexdigest()
