"""The rules a deal runs under, fixed on the job when it is created and never changed under it (DESIGN, Words)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings

from jobs.bidding import HEAVIEST_WEIGHT, LONGEST_WINDOW, PARTS, RULES, SHORTEST_WINDOW, BiddingRule
from marketplace.errors import Invalid
from marketplace.money import BASIS_POINTS

FUND_ON = ("publish", "assign", "never")
REJECTION = ("revise", "refund")
BIDDING = tuple(RULES)
DAY = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Fees in basis points, windows in seconds; `revisions_allowed` None means as many as
    the market lets anybody ask for (`most_revisions`).

    Without a bidding window bids are taken until the deadline. Terms from before there were weights, or phases of a
    dispute, are standard ones.
    """

    fund_on: str
    release_fee_bps: int
    cancel_fee_bps: int
    dispute_fee_bps: int
    review_window_seconds: int
    dispute_window_seconds: int
    revisions_allowed: int | None
    rejection: str
    bidding: str
    bidding_window_seconds: int | None = None
    weights: Mapping[str, int] | None = None
    auto_accept: bool = False
    negotiation_window_seconds: int = 3 * DAY
    mediation_window_seconds: int = 3 * DAY
    arbitration_window_seconds: int = 7 * DAY

    @classmethod
    def default(cls, **changes: Any) -> Terms:
        """The market's default Terms with changes. Raises Invalid naming the term that makes no sense."""
        rule = RULES.get(changes.get("bidding", settings.DEFAULT_TERMS["bidding"]))
        of_rule = {**rule.terms, "weights": dict(rule.weights)} if rule else {}
        terms = cls(**{**settings.DEFAULT_TERMS, **of_rule, **changes})
        terms.validate()
        return terms

    @classmethod
    def load(cls, stored: Mapping[str, Any]) -> Terms:
        """The Terms as a job keeps them."""
        return cls(**stored)

    @property
    def rule(self) -> BiddingRule:
        """How bidding runs."""
        return RULES[self.bidding]

    @property
    def settlement_fee_bps(self) -> int:
        """Of the worker's part when a dispute divides the price: never less than an approval costs, or feigning one
        would pay."""
        return max(self.release_fee_bps, self.dispute_fee_bps)

    @property
    def most_revisions(self) -> int:
        """How often the poster may send the work back."""
        return settings.MOST_REVISIONS if self.revisions_allowed is None else self.revisions_allowed

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
        for phase in ("negotiation", "mediation", "arbitration"):
            seconds = getattr(self, f"{phase}_window_seconds")
            _require_between(f"terms.{phase}WindowSeconds", seconds, 0, LONGEST_WINDOW)
        if self.revisions_allowed is not None:
            _require_between("terms.revisionsAllowed", self.revisions_allowed, 0, settings.MOST_REVISIONS)
        self._validate_window()
        self._validate_weights()

    def _validate_window(self) -> None:
        if self.bidding_window_seconds is not None:
            _require_between("terms.biddingWindowSeconds", self.bidding_window_seconds, SHORTEST_WINDOW, LONGEST_WINDOW)
            if not self.rule.takes_bids:
                raise Invalid.field("terms.biddingWindowSeconds", "A direct offer takes no bids; leave it out.")
        elif self.rule.is_sealed:
            raise Invalid.field("terms.biddingWindowSeconds", "Say when the sealed bids are opened.")
        elif self.auto_accept:
            raise Invalid.field("terms.biddingWindowSeconds", "Say when the best bid is accepted.")

    def _validate_weights(self) -> None:
        for part, weight in (self.weights or {}).items():
            if part not in PARTS:
                raise Invalid.field(f"terms.weights.{part}", f"Must be one of {', '.join(PARTS)}.")
            _require_between(f"terms.weights.{part}", weight, 0, HEAVIEST_WEIGHT)
        if self.weights is not None and not any(self.weights.values()):
            raise Invalid.field("terms.weights", "At least one weight must be more than 0.")


def _require_between(field: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise Invalid.field(field, f"Must be between {least} and {most}.")
