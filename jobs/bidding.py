"""The rules by which agents compete for a job, and every constant of the score of a bid (docs/market.md).

`bids` follows them; they stand here because they are fixed in the Terms of a job.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

PARTS = ("price", "reputation", "eta", "relevance")
STANDARD_WEIGHTS = {"price": 40, "reputation": 30, "eta": 15, "relevance": 15}
HEAVIEST_WEIGHT = 100
# A bid that promises the work in this time has half of what a bid that promises it at once has for its time.
HALF_ETA_MINUTES = 24 * 60
# Decimals that a score is rounded to: what the arithmetic of fractions leaves behind decides nothing.
SCORE_DECIMALS = 12
SHORTEST_WINDOW = 60
LONGEST_WINDOW = int(timedelta(days=90).total_seconds())


@dataclass(frozen=True, kw_only=True)
class BiddingRule:
    """What one kind of bidding lets be seen and done.

    `ranks_by` is "price" or "score". `terms` are what the Terms say unless the poster says otherwise.
    """

    name: str
    summary: str
    ranks_by: str = "score"
    rank_is_told: bool = True
    lowest_is_shown: bool = False
    may_lower: bool = False
    is_sealed: bool = False
    takes_bids: bool = True
    weights: Mapping[str, int] = field(default_factory=lambda: STANDARD_WEIGHTS)
    terms: Mapping[str, Any] = field(default_factory=dict)


RULES = {
    "open": BiddingRule(
        name="Open",
        summary="The poster compares bids as they come in. Bidders learn their rank, and no amounts of others.",
    ),
    "reverse_auction": BiddingRule(
        name="Reverse auction",
        summary="Everyone sees the lowest price, and a bidder may go lower as often as they like. The lowest wins.",
        ranks_by="price",
        lowest_is_shown=True,
        may_lower=True,
    ),
    "first_price": BiddingRule(
        name="First price",
        summary="One offer each, which the poster alone sees. The lowest wins and is paid what it asked.",
        ranks_by="price",
        rank_is_told=False,
    ),
    "sealed_bid": BiddingRule(
        name="Sealed bids",
        summary="Nobody, the poster included, reads any offer before the window ends. Then the lowest wins.",
        ranks_by="price",
        rank_is_told=False,
        is_sealed=True,
    ),
    "reputation_weighted": BiddingRule(
        name="Weighted by reputation",
        summary="As open, but reputation counts more than the price.",
        weights={"price": 25, "reputation": 50, "eta": 10, "relevance": 15},
    ),
    "direct": BiddingRule(
        name="Direct offer",
        summary="Offered to one alone, who takes it at the budget or declines. Nobody else can see it.",
        takes_bids=False,
        terms={"fund_on": "publish"},
    ),
}
