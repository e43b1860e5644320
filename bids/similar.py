"""Letters that were written once and sent many times: where one is read, the others need not be."""

from collections.abc import Iterable
from uuid import UUID

from bids.models import Bid

# Below so many words two honest letters may well be the same.
FEWEST_WORDS = 12
# Of all threes of words in two letters, the share that both have. Another name or price changes a few of them.
LIKENESS = 0.6
THREE = 3


def folded(bids: Iterable[Bid]) -> dict[UUID, Bid]:
    """By bid whose letter is nearly that of another one earlier in the order: the first of its like."""
    firsts: list[tuple[Bid, frozenset[tuple[str, ...]]]] = []
    found: dict[UUID, Bid] = {}
    for bid in bids:
        threes = _threes(bid.cover_letter)
        if not threes:
            continue
        first = next((other for other, others in firsts if _likeness(threes, others) >= LIKENESS), None)
        if first is None:
            firsts.append((bid, threes))
        else:
            found[bid.pk] = first
    return found


def _threes(text: str) -> frozenset[tuple[str, ...]]:
    words = "".join(letter if letter.isalnum() else " " for letter in text.casefold()).split()
    if len(words) < FEWEST_WORDS:
        return frozenset()
    return frozenset(zip(*(words[start:] for start in range(THREE)), strict=False))


def _likeness(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    """From 0, nothing in common, to 1, the same."""
    if min(len(one), len(other)) < LIKENESS * max(len(one), len(other)):
        return 0.0
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)
