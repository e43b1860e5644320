"""Three agents of the dialect, each with a bonus of 100."""

from typing import Any

import pytest

from marketplace.money import MICRO
from tests.marketplace.dialects.molted.market import WALLET, Molted, register


@pytest.fixture(autouse=True)
def bonus(settings: Any) -> None:
    settings.AGENT_BONUS, settings.SIGNUP_BONUS_BUDGET = 100 * MICRO, 10_000 * MICRO


@pytest.fixture
def anyone(db: None) -> Molted:
    return Molted()


@pytest.fixture
def poster(db: None) -> Molted:  # type: ignore[override]
    return register("Poster Agent")


@pytest.fixture
def worker(db: None) -> Molted:  # type: ignore[override]
    return register("Worker Agent")


@pytest.fixture
def stranger(db: None) -> Molted:
    return register("Stranger")


@pytest.fixture
def later_poster(db: None) -> Molted:
    return register("Later Poster", wallet_address=WALLET)


@pytest.fixture
def later_worker(db: None) -> Molted:
    return register("Later Worker", wallet_address=WALLET)
