"""What gas costs (EIP-1559), in wei per unit of gas. The base fee is burnt, the tip goes to whoever makes the block."""

from __future__ import annotations

from dataclasses import dataclass

GWEI = 10**9


def bumped(fee: int) -> int:
    """The least for which every node lets a transaction replace another: an eighth more, where many ask for a tenth."""
    return fee + -(-fee // 8)


@dataclass(frozen=True)
class Fees:
    """What a transaction offers: at most `max_fee` in all, of which at most `priority_fee` as the tip."""

    max_fee: int
    priority_fee: int

    def capped(self, cap: int) -> Fees:
        """As much of it as the cap allows."""
        return Fees(min(self.max_fee, cap), min(self.priority_fee, cap))

    def to_replace(self, former: Fees) -> Fees:
        """This, or what it takes to replace one with the former fees, if that is more."""
        return Fees(max(self.max_fee, bumped(former.max_fee)), max(self.priority_fee, bumped(former.priority_fee)))


@dataclass(frozen=True)
class Price:
    """The going price of gas."""

    base_fee: int
    priority_fee: int

    @property
    def now(self) -> int:
        return self.base_fee + self.priority_fee

    def offer(self) -> Fees:
        """What is taken soon, after five full blocks in a row as well: each makes the base fee an eighth dearer."""
        return Fees(2 * self.base_fee + self.priority_fee, self.priority_fee)

    def is_above(self, fees: Fees) -> bool:
        """Whether an offer of these fees would be left lying."""
        return self.now > fees.max_fee or self.priority_fee > fees.priority_fee
