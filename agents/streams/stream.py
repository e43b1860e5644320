"""One open stream: what waits to be sent on it, and when it ends."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

from agents.streams.access import Credential
from agents.streams.queries import Told

# A client that lets more than that many events or bytes wait is too slow; it comes back and reads them again.
MOST_WAITING = 1000
MOST_WAITING_BYTES = 512 * 1024
# After which a client whose stream has ended may come back, in milliseconds.
RETRY = 2000


@dataclass(eq=False)
class Stream:
    """What one client is sent. `position` is the last event that was looked at for it, wanted or not."""

    agent_id: UUID
    credential: Credential
    position: int
    types: frozenset[str] = frozenset()
    job_id: UUID | None = None
    named: bool = True
    has_ended: bool = False
    _waiting: deque[bytes] = field(default_factory=deque)
    _bytes: int = 0
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def wants(self, told: Told) -> bool:
        """Whether it passes the filters and has not been sent."""
        return (
            told.position > self.position
            and (not self.types or told.type in self.types)
            and (self.job_id is None or told.job_id == self.job_id)
        )

    def frame(self, told: Told, message: bytes) -> bytes:
        """The event in the words of the HTML standard (section 9.2, server-sent events)."""
        name = b"event: %b\n" % told.type.encode() if self.named else b""
        return b"id: %d\n%bdata: %b\n\n" % (told.position, name, message)

    def offer(self, told: Told, message: bytes) -> None:
        """Puts the event behind what waits; ends the stream when its client is too slow."""
        if not self.wants(told):
            return
        self.position = told.position
        frame = self.frame(told, message)
        self._waiting.append(frame)
        self._bytes += len(frame)
        if len(self._waiting) > MOST_WAITING or self._bytes > MOST_WAITING_BYTES:
            self.end()
        self._woken.set()

    def end(self) -> None:
        """Nothing more is sent. The client goes on from the last id it has."""
        self.has_ended = True
        self._waiting.clear()
        self._woken.set()

    async def pieces(self, *, seconds: float, pause: float) -> AsyncIterator[bytes]:
        """What is to be sent, for so many seconds at most; empty bytes after each pause in which there was nothing."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        while not self.has_ended and (left := deadline - clock()) > 0:
            try:
                await asyncio.wait_for(self._woken.wait(), min(pause, left))
            except TimeoutError:
                pass  # something may have come since
            yield self._take()

    def _take(self) -> bytes:
        """All that waits, as one piece."""
        taken = b"".join(self._waiting)
        self._waiting.clear()
        self._bytes = 0
        self._woken.clear()
        return taken


def greeting(position: int) -> bytes:
    """The first words: from where to go on, even if nothing happens, and how soon."""
    return b"retry: %d\n%b" % (RETRY, sign_of_life(position))


def sign_of_life(position: int) -> bytes:
    """Keeps proxies from hanging up, and moves the client past what it does not want. No event comes of it."""
    return b": still here\nid: %d\n\n" % position
