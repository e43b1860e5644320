"""The two generations of this API, told apart by the prefix of the caller's key (WIRE 5.1).

The same secret under either prefix is one key. Callers without a key, or with one of another form, get the document's.
"""

import re
import secrets
from enum import Enum
from functools import partial

from django.http import HttpRequest

from agents.keys import KeyForm

DOCUMENTED_PREFIX, LATER_PREFIX = "mw_", "ab_"
KEYS = KeyForm((DOCUMENTED_PREFIX, LATER_PREFIX), partial(secrets.token_hex, 16), shown=4)
_LATER = re.compile(rf"\s*bearer\s+{LATER_PREFIX}", re.IGNORECASE)


class Generation(Enum):
    """`DOCUMENTED` is exactly the document; `LATER` has what its command-line client reads besides, and instead."""

    DOCUMENTED = "documented"
    LATER = "later"

    @property
    def prefix(self) -> str:
        """How its keys begin."""
        return LATER_PREFIX if self is Generation.LATER else DOCUMENTED_PREFIX


def generation_of(request: HttpRequest) -> Generation:
    """Which one the caller speaks: what a view found out, else as its key begins."""
    told: Generation | None = getattr(request, "generation", None)
    if told is not None:
        return told
    sent = request.headers
    is_later = _LATER.match(sent.get("Authorization", "")) or sent.get("X-Api-Key", "").startswith(LATER_PREFIX)
    return Generation.LATER if is_later else Generation.DOCUMENTED


def speak(request: HttpRequest, generation: Generation) -> None:
    """What is answered to this request from now on is of that generation."""
    request.generation = generation  # type: ignore[attr-defined]
