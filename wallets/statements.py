"""What a month did to a wallet: the balance it began with, what came and went, and the balance it ended with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from agents.models import Agent
from marketplace.errors import NotFound
from marketplace.periods import end_of_month
from wallets.models import Entry, Transfer
from wallets.queries import balances_before, entries_between

MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True)
class Kind:
    """What all transfers of one kind brought and took, in micro-USDC; `went` is below zero."""

    kind: Transfer.Kind
    came: int
    went: int


@dataclass(frozen=True)
class Statement:
    """A month of UTC; micro-USDC. `entries` are the movements, the oldest first."""

    month: date
    opening: int
    closing: int
    kinds: list[Kind]
    entries: QuerySet[Entry]

    @property
    def came(self) -> int:
        return sum(kind.came for kind in self.kinds)

    @property
    def went(self) -> int:
        return sum(kind.went for kind in self.kinds)


def statement_of(agent: Agent, month: str) -> Statement:
    """Of what the agent could spend, in a month such as 2026-01. Raises NotFound for what is no month of its time."""
    first = _first_of(month)
    if not agent.created_at.date().replace(day=1) <= first <= datetime.now(UTC).date():
        raise NotFound("There is no statement of that month.")
    after = end_of_month(first).date()
    [opening] = balances_before(agent, [first])
    entries = entries_between(agent, first, after)
    kinds = _by_kind(entries)
    # Not read: what comes in meanwhile is in both or in neither.
    closing = opening + sum(kind.came + kind.went for kind in kinds)
    return Statement(first, opening, closing, kinds, entries.order_by("id"))


def _first_of(month: str) -> date:
    if not MONTH.fullmatch(month):
        raise NotFound("Name a month such as 2026-01.")
    return date.fromisoformat(f"{month}-01")


def _by_kind(entries: QuerySet[Entry]) -> list[Kind]:
    sums = (
        entries.order_by("transfer__kind")
        .values("transfer__kind")
        .annotate(
            came=Coalesce(Sum("amount", filter=Q(amount__gt=0)), 0),
            went=Coalesce(Sum("amount", filter=Q(amount__lt=0)), 0),
        )
    )
    return [Kind(Transfer.Kind(row["transfer__kind"]), row["came"], row["went"]) for row in sums]
