"""A balance over time as a picture: where everything is, in per cent, for the template that draws it as SVG.

Without a `viewBox` around all of it, letters keep their size on a phone; only the line itself is stretched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from marketplace.money import MICRO

Day = tuple[date, int]  # micro-USDC at its end

# The part of the picture that the line has; above it is room for today's balance, below it for the dates.
TOP, BOTTOM = 14.0, 88.0


@dataclass(frozen=True)
class Chart:
    """What to draw. Paths are in days across and 0 to 100 down, the rest in per cent of the picture."""

    days: Sequence[Day]
    line: str
    area: str
    levels: list[tuple[float, int]]
    end: float
    low: Day
    high: Day

    @property
    def first(self) -> Day:
        """Where it begins."""
        return self.days[0]

    @property
    def middle(self) -> Day:
        """What is in the middle of it."""
        return self.days[len(self.days) // 2]

    @property
    def today(self) -> Day:
        """Where it ends."""
        return self.days[-1]

    @property
    def changes(self) -> Iterator[Day]:
        """The first day, and those whose balance is not that of the day before."""
        before = None
        for day, balance in self.days:
            if balance != before:
                yield day, balance
            before = balance


def draw_balance(days: Sequence[Day]) -> Chart:
    """The picture of the balances at the end of the days, the last of which is today."""
    top = nice_ceiling(max(balance for _, balance in days))
    heights = [round(100 - balance * 100 / top, 3) for _, balance in days]
    line = steps(heights)
    return Chart(
        days=days,
        line=line,
        area=f"{line}V100H0Z",
        levels=[(_down(0), top), (_down(50), top // 2)],
        end=_down(heights[-1]),
        low=min(days, key=lambda day: day[1]),
        high=max(days, key=lambda day: day[1]),
    )


def nice_ceiling(amount: int) -> int:
    """The least of 1, 2 or 5 times a power of ten that is not below the amount, nor below 1 USDC; micro-USDC."""
    power = MICRO
    while power * 10 < amount:
        power *= 10
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= amount)


def steps(heights: Sequence[float]) -> str:
    """An SVG path that stays level for a day and then moves to the next day's height."""
    path = f"M0 {heights[0]:g}H1"
    for day, height in enumerate(heights[1:], start=2):
        path += f"V{height:g}H{day}"
    return path


def _down(height: float) -> float:
    return round(TOP + height * (BOTTOM - TOP) / 100, 2)
