"""From one listening connection to PostgreSQL to all open streams.

A round asks once for what all listening agents were told since the last round. It runs when the relay says that there
is news, and now and then in case that was lost. Streams that are behind read for themselves until they have caught up.
"""

import asyncio
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from agents.inbox.services import CHANNEL
from agents.streams.access import agents_of
from agents.streams.queries import Told, newest, told_between
from agents.streams.stream import Stream
from marketplace.errors import MarketError
from marketplace.events.models import Event

logger = structlog.get_logger(__name__)
Answer = TypeVar("Answer")
# Events that are read at once: for one agent that catches up, and for all.
PAGE = 200
ROUND = 500
# Between two tries to reach a database that is away.
SHORTEST_WAIT, LONGEST_WAIT = 0.2, 10.0
APPLICATION_NAME = "guildhall streams"


class TooManyStreams(MarketError):
    status, code, title = 429, "TOO_MANY_STREAMS", "Too many streams"
    detail = "This agent has as many streams open as it may. Close one, or listen for several jobs on one."


class NoRoom(MarketError):
    status, code, title = 503, "NO_ROOM", "No room"
    detail = "As many streams are open as there is room for. Try again, or read GET /v1/events meanwhile."


class Hub:
    """All streams of this process.

    Every live stream has been offered all up to `delivered`. `mark` is as far as the round that is under way reads;
    whoever joins meanwhile must have caught up to there by itself, since that round knows nothing of it.
    """

    def __init__(self) -> None:
        self.mark = 0
        self.delivered = 0
        self.has_stopped = False
        self._open: set[Stream] = set()
        self._live: defaultdict[UUID, set[Stream]] = defaultdict(set)
        self._threads = ThreadPoolExecutor(settings.STREAM_THREADS, "database")
        self._tasks: list[asyncio.Task[None]] = []
        self._ready = asyncio.Event()

    # The life of the process

    async def start(self) -> None:
        """Begins to listen; returns at once, for the database may be away."""
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._keep_checking())]
        for task in self._tasks:
            task.add_done_callback(_leave_if_broken)

    async def stop(self) -> None:
        """Ends all streams and lets go of the database."""
        self.has_stopped = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for stream in self._open:
            stream.end()
        self._threads.shutdown(cancel_futures=True)

    async def ask(self, question: Callable[..., Answer], *arguments: Any) -> Answer:
        """What a query answers, asked in a thread. Raises DatabaseError."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, partial(_with_own_connection, question, *arguments)
        )

    # Streams

    def open(self, stream: Stream) -> None:
        """Counts the stream in. Raises TooManyStreams or NoRoom."""
        if self.has_stopped or len(self._open) >= settings.MOST_STREAMS:
            raise NoRoom()
        if sum(other.agent_id == stream.agent_id for other in self._open) >= settings.MOST_STREAMS_PER_AGENT:
            raise TooManyStreams()
        self._open.add(stream)

    def close(self, stream: Stream) -> None:
        """Forgets the stream."""
        stream.end()
        self._open.discard(stream)
        of_agent = self._live.get(stream.agent_id, set())
        of_agent.discard(stream)
        if not of_agent:
            self._live.pop(stream.agent_id, None)

    async def whereabouts(self) -> int:
        """The position from which on nothing will be missed. Raises DatabaseError while there is none."""
        if not self._ready.is_set():
            raise DatabaseError("nothing was read of the database yet")
        return self.mark

    async def catch_up(self, stream: Stream) -> AsyncIterator[bytes]:
        """What the agent was told since the stream's position; after it, the stream is live. Raises DatabaseError."""
        while stream.position < self.mark and not stream.has_ended:
            until = self.mark
            page = await self.ask(told_between, [stream.agent_id], stream.position, until, PAGE)
            frames = [stream.frame(told, _message(told)) for told in page if stream.wants(told)]
            stream.position = page[-1].position if len(page) == PAGE else until
            yield b"".join(frames)
        # Nothing is awaited between that look at the mark and this.
        if not stream.has_ended:
            self._live[stream.agent_id].add(stream)

    # News

    async def _listen(self) -> None:
        wait = SHORTEST_WAIT
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**_address(), autocommit=True) as listener:
                    await listener.execute(f"LISTEN {CHANNEL}")
                    while True:
                        await self._round()
                        wait = SHORTEST_WAIT
                        async for _ in listener.notifies(timeout=settings.SWEEP_SECONDS, stop_after=1):
                            pass
            except (psycopg.Error, DatabaseError, InterfaceError) as error:
                logger.warning("streams_without_database", error=str(error).strip(), next_try_in_seconds=wait)
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT)

    async def _round(self) -> None:
        """Offers to all live streams what is new. What fails half-way is done again: nothing is offered twice."""
        self.mark = max(self.mark, await self.ask(newest))
        if not self._ready.is_set():
            self.delivered = self.mark
            self._ready.set()
        until = self.mark
        while self.delivered < until and self._live:
            news = await self.ask(told_between, list(self._live), self.delivered, until, ROUND)
            self._offer(news)
            await asyncio.sleep(0.001)  # the streams send what they were offered before there is more
            self.delivered = news[-1].position if len(news) == ROUND else until
        self.delivered = until

    def _offer(self, news: list[Told]) -> None:
        messages: dict[int, bytes] = {}
        for told in news:
            message = messages.get(told.event_id) or messages.setdefault(told.event_id, _message(told))
            for stream in self._live.get(told.agent_id, ()):
                stream.offer(told, message)

    # Who may still listen

    async def _keep_checking(self) -> None:
        while True:
            await asyncio.sleep(settings.STREAM_CHECK_SECONDS)
            try:
                await self._check()
            except (DatabaseError, InterfaceError) as error:
                logger.warning("streams_not_checked", error=str(error).strip())

    async def _check(self) -> None:
        """Ends the streams whose key, session or agent has come to an end."""
        streams = list(self._open)
        allowed = await self.ask(agents_of, {stream.credential for stream in streams})
        for stream in streams:
            if allowed.get(stream.credential) != stream.agent_id:
                stream.end()


def _leave_if_broken(task: asyncio.Task[None]) -> None:
    """A process that no longer listens must not look as if it did: whoever supervises it starts it anew."""
    if not task.cancelled() and (error := task.exception()):
        logger.error("streams_broken", exc_info=error)
        signal.raise_signal(signal.SIGTERM)


def _message(told: Told) -> bytes:
    return Event(pk=told.event_id, body=told.body).message


def _with_own_connection(question: Callable[..., Answer], *arguments: Any) -> Answer:
    """As a request would: with a connection from the pool, given back afterwards."""
    try:
        return question(*arguments)
    finally:
        close_old_connections()


def _address() -> dict[str, Any]:
    """How to connect to the database of the settings; a connection that died silently is noticed in half a minute."""
    of_django = {"cursor_factory", "context", "prepare_threshold"}
    known = {name: value for name, value in connection.get_connection_params().items() if name not in of_django}
    return {**known, "application_name": APPLICATION_NAME, "keepalives_idle": 15, "keepalives_interval": 5}
