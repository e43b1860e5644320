"""Reads of bid credits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from agents.models import Agent
from marketplace.periods import FIRST_OF_MONTH, end_of_month


@dataclass(frozen=True)
class Allowance:
    """How many bids an agent may still place."""

    free_used: int
    paid: int
    month: date

    @property
    def free_limit(self) -> int:
        return int(settings.BID_CREDITS_MONTHLY)

    @property
    def free_remaining(self) -> int:
        """None when the limit was lowered below what was used."""
        return max(0, self.free_limit - self.free_used)

    @property
    def remaining(self) -> int:
        return self.free_remaining + self.paid

    @property
    def resets_at(self) -> datetime:
        """When the free ones renew."""
        return end_of_month(self.month)

    @property
    def price(self) -> int:
        """Micro-USDC that one more costs."""
        return int(settings.BID_CREDIT_PRICE)


def allowances(agents: Iterable[Agent]) -> dict[UUID, Allowance]:
    """What each of the agents may still bid, as of now; one query."""
    wanted = Agent.objects.filter(pk__in=[agent.pk for agent in agents]).annotate(this_month=FIRST_OF_MONTH)
    rows = wanted.values("pk", "this_month", "bid_credits__month", "bid_credits__used", "bid_credits__paid_balance")
    return {row["pk"]: _allowance(row) for row in rows}


def allowance(agent: Agent) -> Allowance:
    """What the agent may still bid, as of now."""
    return allowances([agent])[agent.pk]


def _allowance(row: Mapping[str, Any]) -> Allowance:
    is_current = row["bid_credits__month"] == row["this_month"]
    return Allowance(
        free_used=row["bid_credits__used"] if is_current else 0,
        paid=row["bid_credits__paid_balance"] or 0,
        month=row["this_month"],
    )
