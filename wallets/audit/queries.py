"""What anybody may know of the books: the position of the marketplace as of the last seal."""

from dataclasses import dataclass
from datetime import datetime

from wallets.audit.models import AuditReport, Seal
from wallets.audit.seals import OWNED
from wallets.models import Account

Kind = Account.Kind


@dataclass(frozen=True)
class Position:
    """Assets against liabilities, in micro-USDC, from one seal: the cost does not grow with the books.

    The two sides come from different data. Assets and fees are sums of entries on system accounts, carried on from
    seal to seal; liabilities are the balances of owned accounts, which the wallets show and pay from.
    """

    seal: Seal | None
    report: AuditReport | None

    @property
    def as_of(self) -> datetime | None:
        return self.seal.horizon if self.seal else None

    @property
    def totals(self) -> dict[str, int]:
        """What all entries on accounts of each kind sum to."""
        return self.seal.totals if self.seal else dict.fromkeys(Kind.values, 0)

    @property
    def came_in(self) -> dict[str, int]:
        """Where the assets came from and, below zero, went to: what system accounts gave."""
        sources = {
            "deposits": Kind.DEPOSITS,
            "withdrawals": Kind.WITHDRAWALS,
            "bonuses": Kind.BONUSES,
            "adjustments": Kind.ADJUSTMENTS,
        }
        return {name: -self.totals[kind] for name, kind in sources.items()}

    @property
    def owed(self) -> dict[str, int]:
        """To whom the assets are owed: what owned accounts held."""
        balances = self.seal.balances if self.seal else {}
        return {kind.lower(): balances.get(kind, 0) for kind in OWNED}

    @property
    def assets(self) -> int:
        return sum(self.came_in.values())

    @property
    def liabilities(self) -> int:
        return sum(self.owed.values())

    @property
    def fees(self) -> int:
        return self.totals[Kind.FEES]

    @property
    def balanced(self) -> bool:
        """Whether all that came in is owed to somebody or was earned."""
        return self.assets == self.liabilities + self.fees


def position() -> Position:
    """As of the last seal, with the last report."""
    return Position(
        seal=Seal.objects.order_by("number").last(), report=AuditReport.objects.order_by("started_at").last()
    )
