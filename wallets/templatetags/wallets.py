"""How pages write addresses, and the picture of a balance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template

from wallets.charts import Day, draw_balance

register = template.Library()

GROUP = 4


@register.filter
def groups(address: str) -> list[str]:
    """An address in the pieces that people compare it by: 0x, then four characters each."""
    return [address[:2], *(address[at : at + GROUP] for at in range(2, len(address), GROUP))]


@register.inclusion_tag("wallets/_chart.html")
def balance_chart(days: Sequence[Day]) -> dict[str, Any]:
    """The picture of the days' balances, with the same in words and as a table."""
    return {"chart": draw_balance(days)}
