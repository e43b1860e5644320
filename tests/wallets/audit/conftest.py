"""Seals in tests cover what has just moved."""

import pytest


@pytest.fixture(autouse=True)
def no_margin(settings) -> None:
    settings.SEAL_MARGIN_SECONDS = 0
