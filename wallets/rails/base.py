"""What a rail is: a way for money to enter and to leave. settings.RAILS names the classes, as EMAIL_BACKEND names one.

A rail talks to the outside and keeps no books: the verbs of `wallets.services` do. None of its methods but `prepare`
and `derive_address` is called inside a transaction, and every one may be called again after a crash at any point.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from wallets.models import Withdrawal


class RailUnavailable(Exception):
    """The outside did not answer, or not in a way that tells what happened: nothing is known, try again later."""


class PayoutRefused(Exception):
    """The outside will never make this payment; the text says why, in words for the wallet's owner."""


class Verdict(Enum):
    """What became of a payout."""

    WAITING = "waiting"
    PAID = "paid"
    REFUSED = "refused"


@dataclass(frozen=True)
class Outcome:
    """What is known of a payout: `reference` is the transaction's hash where there is one; `detail` says why not."""

    verdict: Verdict
    reference: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Payment:
    """Money that came in for good: `key` is unique on the rail for ever, `amount` is micro-USDC.

    `announced` is the deposit that it answers, where the rail can tell.
    """

    key: str
    address: str
    amount: int
    reference: str
    announced: UUID | None = None


@dataclass(frozen=True)
class Receipts:
    """Payments that came in since a position, and the position to go on from."""

    payments: Sequence[Payment]
    position: str


class Rail(ABC):
    """One way in and out. `name` is its key in settings.RAILS; options come from there too."""

    # Until a payout that was sent is looked at again.
    seconds_between_looks = 2.0

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def derive_address(self, number: int) -> str:
        """Where to pay in for the wallet with that number (from 1): always the same, EIP-55."""

    @abstractmethod
    def receive(self, position: str) -> Receipts:
        """What came in for good since the position ("" is the beginning). Raises RailUnavailable."""

    @abstractmethod
    def prepare(self, withdrawal: Withdrawal) -> None:
        """Stores all that `send` will need, in the caller's transaction, so that it is paid once however often sent."""

    @abstractmethod
    def send(self, withdrawal: Withdrawal) -> str:
        """Sends a prepared payout and returns its reference; again does not pay again.

        Raises PayoutRefused, if it is certain that it will never be paid, and RailUnavailable.
        """

    @abstractmethod
    def outcome(self, withdrawal: Withdrawal) -> Outcome:
        """What became of a payout that was sent. Raises RailUnavailable."""
