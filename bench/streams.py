"""Many open streams on one process: its memory, and how soon all of them hear of an event.

    python -m bench.streams --streams 1000 --times 20 --port 8123

Run by the harness, in the database that DATABASE_URL names; prints JSON: bytes and seconds.
"""

import argparse
import asyncio
import os
import resource
import secrets
import socket
import subprocess
import sys
import time
from statistics import median

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
django.setup()

import psutil  # noqa: E402
from django.db import connections  # noqa: E402

from agents.models import Agent, ApiKey  # noqa: E402
from bench.clients import tell  # noqa: E402
from marketplace.events.relay import relay_batch  # noqa: E402
from marketplace.events.services import emit  # noqa: E402

SECONDS_TO_START = 60
AT_ONCE = 50
FILES_BESIDE = 256


def prepare(streams: int) -> dict[str, Agent]:
    """So many agents, by a key of each; nothing is left to relay."""
    agents = Agent.objects.bulk_create(
        Agent(kind=Agent.Kind.AI, handle=f"listener-{secrets.token_hex(8)}", name="Listener") for _ in range(streams)
    )
    keys = {ApiKey.PREFIX + secrets.token_hex(32): agent for agent in agents}
    ApiKey.objects.bulk_create(
        ApiKey(agent=agent, name="bench", prefix=raw[:12], digest=ApiKey.digest_of(raw)) for raw, agent in keys.items()
    )
    while relay_batch():
        pass
    return keys


class Listener:
    """One open stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int, key: str) -> "Listener":
        listener = cls(*await asyncio.open_connection("127.0.0.1", port))
        words = f"GET /v1/events/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: {key}\r\n\r\n"
        listener.writer.write(words.encode())
        head = await listener.reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.splitlines()[0]:
            raise RuntimeError(f"A stream was not opened: {head.decode()}")
        await listener.reader.readuntil(b"retry: ")
        return listener

    async def hear(self) -> float:
        """When the next event was there."""
        await self.reader.readuntil(b"\ndata: ")
        return time.perf_counter()


async def measure(port: int, streams: int, times: int, process: psutil.Process) -> dict[str, float]:
    keys = await asyncio.to_thread(prepare, streams)
    empty = process.memory_info().rss
    places = asyncio.Semaphore(AT_ONCE)

    async def come_in(key: str) -> Listener:
        async with places:
            return await Listener.open(port, key)

    listeners = await asyncio.gather(*map(come_in, keys))
    opened = process.memory_info().rss
    before = sum(process.cpu_times()[:2])
    arrivals: list[float] = []
    last: list[float] = []
    for number in range(times):
        hearing = asyncio.gather(*(listener.hear() for listener in listeners))
        told = await asyncio.to_thread(broadcast, list(keys.values()), number)
        late = sorted(heard - told for heard in await hearing)
        arrivals += late
        last.append(late[-1])
    arrivals.sort()
    found = {
        "streams": len(listeners),
        "empty": empty,
        "open": opened,
        "most": process.memory_info().rss,
        "median": median(arrivals),
        "p99": arrivals[int(0.99 * len(arrivals))],
        "all": median(last),
        "cpu": (sum(process.cpu_times()[:2]) - before) / len(arrivals),
    }
    for listener in listeners:
        listener.writer.close()
    return found


def broadcast(agents: list[Agent], number: int) -> float:
    """One event for all of them; when the relay had it written."""
    try:
        emit("job.posted", actor=None, audience=agents, data={"number": number, "title": "x" * 200})
        while relay_batch():
            pass
        return time.perf_counter()
    finally:
        connections.close_all()


def started(port: int, streams: int) -> subprocess.Popen[bytes]:
    """The process, once it answers."""
    settings = {"MOST_STREAMS": str(streams), "DATABASE_POOL_SIZE": "4"}
    process = subprocess.Popen(
        [sys.executable, "-m", "agents.streams", "--port", str(port)], env={**os.environ, **settings}
    )
    deadline = time.monotonic() + SECONDS_TO_START
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise SystemExit("The stream process did not start; its words are above.")
        time.sleep(0.1)
    return process


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--times", type=int, default=20, help="broadcasts")
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    # A file for each stream, here and in the process, which inherits the limit.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, chosen.streams + FILES_BESIDE), most))
    process = started(chosen.port, chosen.streams)
    try:
        tell(asyncio.run(measure(chosen.port, chosen.streams, chosen.times, psutil.Process(process.pid))))
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
