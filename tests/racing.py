"""Races: contestants that start at the same moment, each on a database connection of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

from django.db import connection

SECONDS_TO_START = 30


def race(contestants: Sequence[Callable[[], Any]], *, with_database: bool = True) -> list[Any]:
    """What each returned or raised, in their order.

    With the database at most 64: the connection pool of the tests has a few more than that.
    """
    barrier = Barrier(len(contestants))
    with ThreadPoolExecutor(len(contestants)) as threads:
        return list(threads.map(partial(_run, barrier, with_database), contestants))


def _run(barrier: Barrier, with_database: bool, contestant: Callable[[], Any]) -> Any:
    try:
        if with_database:
            connection.ensure_connection()
        barrier.wait(SECONDS_TO_START)
        return contestant()
    except Exception as error:  # noqa: BLE001  (the test looks at it)
        return error
    finally:
        connection.close()


def winners(outcomes: Sequence[Any]) -> list[Any]:
    """The outcomes that are not failures."""
    return [outcome for outcome in outcomes if not isinstance(outcome, Exception)]


def losers(outcomes: Sequence[Any]) -> list[Exception]:
    """The failures."""
    return [outcome for outcome in outcomes if isinstance(outcome, Exception)]
