"""Waiting for a condition, which is how tests wait: never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

Found = TypeVar("Found")
SECONDS_BETWEEN_LOOKS = 0.01


def wait_for(condition: Callable[[], Found], what: str, seconds: float = 30) -> Found:
    """The condition's first true value; fails the test when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"Waited {seconds} seconds in vain for {what}.")
        time.sleep(SECONDS_BETWEEN_LOOKS)
    return found
