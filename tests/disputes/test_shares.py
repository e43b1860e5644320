"""A split says what it says, or is refused by name (SURVIVE M7, L9)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.shares import Outcome, outcome_of, to_poster_of
from marketplace.errors import Invalid
from marketplace.money import BASIS_POINTS

FROZEN = 80_000_001


@pytest.mark.parametrize(
    ("said", "to_poster"),
    [
        ({"outcome": "REFUND"}, FROZEN),
        ({"outcome": "PAY"}, 0),
        ({"outcome": "SPLIT", "poster": 1}, 1),
        ({"outcome": "SPLIT", "worker": 1}, FROZEN - 1),
        ({"outcome": "SPLIT", "poster": 1, "worker": FROZEN - 1}, 1),
        ({"outcome": "SPLIT", "poster_bps": 5000}, 40_000_001),  # half up; the remainder is the worker's
        ({"outcome": "SPLIT", "worker_bps": 5000}, 40_000_001),
        ({"outcome": "SPLIT", "poster_bps": 2500, "worker_bps": 7500}, 20_000_000),
    ],
)
def test_a_share_is_what_was_said(said: dict[str, Any], to_poster: int) -> None:
    assert to_poster_of(FROZEN, **said) == to_poster


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"outcome": "SPLIT"}, "posterUsdc"),
        ({"outcome": "SPLIT", "poster": 1, "poster_bps": 1}, "posterBps"),
        ({"outcome": "SPLIT", "poster": FROZEN + 1}, "posterUsdc"),
        ({"outcome": "SPLIT", "worker": FROZEN + 1}, "workerUsdc"),
        ({"outcome": "SPLIT", "poster": 1, "worker": FROZEN}, "workerUsdc"),
        ({"outcome": "SPLIT", "poster": 1, "worker": FROZEN - 2}, "workerUsdc"),
        ({"outcome": "SPLIT", "poster_bps": 5000, "worker_bps": 5001}, "workerBps"),
        ({"outcome": "SPLIT", "poster_bps": 10_001}, "posterBps"),
        ({"outcome": "REFUND", "poster": 1}, "posterUsdc"),
        ({"outcome": "PAY", "worker_bps": 1}, "workerBps"),
        ({"outcome": None, "poster": 1}, "posterUsdc"),
    ],
)
def test_a_split_that_does_not_add_up_is_refused_by_name(said: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        to_poster_of(FROZEN, **said)
    assert [error.field for error in refusal.value.errors] == [field]


@given(st.integers(1, 10**15), st.integers(0, BASIS_POINTS))
def test_basis_points_divide_all_of_it_and_name_their_outcome(frozen: int, bps: int) -> None:
    to_poster = to_poster_of(frozen, "SPLIT", poster_bps=bps)
    assert 0 <= to_poster <= frozen
    assert to_poster == to_poster_of(frozen, "SPLIT", poster_bps=bps, worker_bps=BASIS_POINTS - bps)
    assert outcome_of(to_poster, frozen) in Outcome
