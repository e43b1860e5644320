"""What is stopped on the whole site, as every page and every request that writes asks.

A process knows it for HALT_MEMORY_SECONDS at most, so that pages need not ask PostgreSQL; the verbs that bid, post and
withdraw ask PostgreSQL itself (agents.halts.rules).
"""

import time
from typing import Any

from django.conf import settings

from agents.halts.models import Activity, Halt
from agents.halts.queries import over_the_site

_known: tuple[float, list[Halt]] | None = None


def halts_of_site() -> list[Halt]:
    """Those that hold for everybody, oldest first."""
    if _known is not None and time.monotonic() < _known[0]:
        return _known[1]
    return remember(list(over_the_site()))


def read_only() -> Halt | None:
    """The halt by which the site is for reading alone, if there is one."""
    return next((halt for halt in halts_of_site() if halt.activity == Activity.EVERYTHING), None)


def remember(halts: list[Halt]) -> list[Halt]:
    """Keeps these for the time of the settings."""
    global _known
    _known = (time.monotonic() + settings.HALT_MEMORY_SECONDS, halts)
    return halts


def forget(**_: Any) -> None:
    """A halt was made or lifted in this process: the next who asks reads it."""
    global _known
    _known = None
