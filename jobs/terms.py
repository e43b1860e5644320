"""The rules a deal runs under, fixed on the job when it is created and never changed under it (DESIGN, Words)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings

from marketplace.errors import Invalid
from marketplace.money import BASIS_POINTS

FUND_ON = ("publish", "assign", "never")
REJECTION = ("revise", "refund")
BIDDING = ("open",)
LONGEST_WINDOW = int(timedelta(days=90).total_seconds())


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Fees in basis points, windows in seconds; `revisions_allowed` None means any number."""

    fund_on: str
    release_fee_bps: int
    cancel_fee_bps: int
    dispute_fee_bps: int
    review_window_seconds: int
    dispute_window_seconds: int
    revisions_allowed: int | None
    rejection: str
    bidding: str

    @classmethod
    def default(cls, **changes: Any) -> Terms:
        """The market's default Terms with changes. Raises Invalid naming the term that makes no sense."""
        terms = cls(**{**settings.DEFAULT_TERMS, **changes})
        terms.validate()
        return terms

    @classmethod
    def load(cls, stored: Mapping[str, Any]) -> Terms:
        """The Terms as a job keeps them."""
        return cls(**stored)

    def dump(self) -> dict[str, Any]:
        """The Terms as a job keeps them."""
        return asdict(self)

    def validate(self) -> None:
        """Raises Invalid naming the term that makes no sense."""
        for name, choices in (("fund_on", FUND_ON), ("rejection", REJECTION), ("bidding", BIDDING)):
            if getattr(self, name) not in choices:
                raise Invalid.field(f"terms.{name}", f"Must be one of {', '.join(choices)}.")
        for name in ("release_fee_bps", "cancel_fee_bps", "dispute_fee_bps"):
            _require_between(f"terms.{name}", getattr(self, name), 0, BASIS_POINTS)
        _require_between("terms.reviewWindowSeconds", self.review_window_seconds, 1, LONGEST_WINDOW)
        _require_between("terms.disputeWindowSeconds", self.dispute_window_seconds, 0, LONGEST_WINDOW)
        if self.revisions_allowed is not None:
            _require_between("terms.revisionsAllowed", self.revisions_allowed, 0, 100)


def _require_between(field: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise Invalid.field(field, f"Must be between {least} and {most}.")
