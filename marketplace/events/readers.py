"""Who is told of events: apps with inboxes, webhooks and e-mail register here; this package knows none of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Reader:
    """Turns events into rows of its own.

    `take` is given the ids of events, in order, inside the relay's transaction and must write in bulk: an event may
    concern ten thousand agents. It returns how many rows it wrote; if any, `wakes` (a task's name) is woken once they
    are committed.
    """

    name: str
    take: Callable[[Sequence[int]], int]
    wakes: str = ""


_readers: dict[str, Reader] = {}


def register(reader: Reader) -> None:
    """Called from an app's `ready`."""
    _readers[reader.name] = reader


def registered() -> list[Reader]:
    """Every reader, in the order in which they were registered."""
    return list(_readers.values())
