"""A rail whose outside is a list in the test, which can be told to fail in every way that an outside fails."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from eth_utils.address import to_checksum_address

from wallets import rails
from wallets.models import Withdrawal
from wallets.rails.base import Outcome, Payment, PayoutRefused, Rail, RailUnavailable, Receipts, Verdict


class PowerCut(Exception):
    """The process is gone."""


ADDRESS = to_checksum_address("0x" + "00a1" * 10)


class OutsideRail(Rail):
    """Pays each withdrawal once, as a bank does with one idempotency key; `faults` happen at the next calls."""

    def __init__(self) -> None:
        super().__init__("outside")
        self.paid: Counter[UUID] = Counter()
        self.prepared: Counter[UUID] = Counter()
        self.asked: Counter[UUID] = Counter()
        self.verdicts: dict[UUID, Outcome] = {}
        self.incoming: list[Payment] = []
        self.before: list[Callable[[], None]] = []
        self.after: list[Callable[[], None]] = []

    def derive_address(self, number: int) -> str:
        return to_checksum_address(f"0x{number:040x}")

    def receive(self, position: str) -> Receipts:
        start = int(position or 0)
        return Receipts(self.incoming[start:], str(len(self.incoming)))

    def prepare(self, withdrawal: Withdrawal) -> None:
        self.prepared[withdrawal.pk] += 1

    def send(self, withdrawal: Withdrawal) -> str:
        self.asked[withdrawal.pk] += 1
        if self.before:
            self.before.pop(0)()
        if not self.paid[withdrawal.pk]:
            self.paid[withdrawal.pk] += 1
        if self.after:
            self.after.pop(0)()
        return f"0x{withdrawal.pk.hex:0>64}"

    def outcome(self, withdrawal: Withdrawal) -> Outcome:
        paid = Outcome(Verdict.PAID, f"0x{withdrawal.pk.hex:0>64}")
        return self.verdicts.get(withdrawal.pk, paid)


def cut() -> None:
    """The process is gone."""
    raise PowerCut


def time_out() -> None:
    """The outside did not answer; whether it did anything is not known."""
    raise RailUnavailable("The bank did not answer in time.")


def refuse() -> None:
    """The outside will never pay."""
    raise PayoutRefused("The bank knows no such account.")


@contextmanager
def rail_in_use(settings: Any, rail: Rail) -> Iterator[Rail]:
    """New money takes this rail."""
    settings.RAILS = {**settings.RAILS, rail.name: {"BACKEND": "unused"}}
    settings.RAIL = rail.name
    open_rail = rails._open_rail
    rails._open_rail = lambda name: rail if name == rail.name else open_rail(name)
    try:
        yield rail
    finally:
        rails._open_rail = open_rail
