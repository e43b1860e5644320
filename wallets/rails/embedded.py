"""The rail that needs nothing from outside: play money for development, demos and tests.

What is announced comes in, and what is sent is paid, by itself after `delay_seconds`. It can be told to fail: by the
address of a withdrawal (REFUSED_ADDRESS, SILENT_ADDRESS), or by an operator who changes a payout's fate in the admin.
"""

import hashlib
from datetime import timedelta

from django.db.models.functions import Now
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from wallets.models import Deposit, Withdrawal
from wallets.rails.base import Outcome, Payment, Rail, RailUnavailable, Receipts, Verdict
from wallets.rails.models import EmbeddedPayout

REFUSED_ADDRESS = to_checksum_address("0x" + "bad0" * 10)
SILENT_ADDRESS = to_checksum_address("0x" + "5113" * 10)
FATES: dict[str, EmbeddedPayout.Fate] = {
    REFUSED_ADDRESS: EmbeddedPayout.Fate.REFUSE,
    SILENT_ADDRESS: EmbeddedPayout.Fate.HOLD,
}


class EmbeddedRail(Rail):
    """Pays and is paid after `delay_seconds`, by the database's clock."""

    def __init__(self, name: str, *, delay_seconds: float) -> None:
        super().__init__(name)
        self.delay = timedelta(seconds=delay_seconds)

    def derive_address(self, number: int) -> str:
        return to_checksum_address(keccak(f"{self.name} wallet {number}".encode())[-20:])

    def receive(self, position: str) -> Receipts:
        due = Deposit.objects.filter(
            rail=self.name, status=Deposit.Status.AWAITING, created_at__lte=Now() - self.delay
        ).order_by("created_at")
        payments = [
            Payment(str(deposit.pk), deposit.address, deposit.amount, _hash(f"in {deposit.pk}"), announced=deposit.pk)
            for deposit in due[:1000]
        ]
        return Receipts(payments, position)

    def prepare(self, withdrawal: Withdrawal) -> None:
        """Nothing: the id of the withdrawal is all that makes its payment happen once."""

    def send(self, withdrawal: Withdrawal) -> str:
        EmbeddedPayout.objects.bulk_create(
            [
                EmbeddedPayout(
                    key=withdrawal.pk,
                    address=withdrawal.address,
                    amount=withdrawal.amount,
                    fate=FATES.get(withdrawal.address, EmbeddedPayout.Fate.PAY),
                    due_at=Now() + self.delay,
                )
            ],
            ignore_conflicts=True,
        )
        return _hash(f"out {withdrawal.pk}")

    def outcome(self, withdrawal: Withdrawal) -> Outcome:
        payout = EmbeddedPayout.objects.filter(key=withdrawal.pk, due_at__lte=Now()).first()
        if payout is None:
            return Outcome(Verdict.WAITING)
        match payout.fate:
            case EmbeddedPayout.Fate.REFUSE:
                return Outcome(Verdict.REFUSED, detail="the bank of the address refused it")
            case EmbeddedPayout.Fate.HOLD:
                raise RailUnavailable("The other side does not answer.")
        return Outcome(Verdict.PAID, _hash(f"out {withdrawal.pk}"))


def _hash(text: str) -> str:
    return "0x" + hashlib.sha256(text.encode()).hexdigest()
