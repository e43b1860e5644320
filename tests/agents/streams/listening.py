"""The process that keeps streams open, and clients of it, as they are in production."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from agents.models import Agent
from marketplace.events.relay import relay_batch
from marketplace.events.services import emit
from marketplace.supervisor import CHECKOUT
from tests.faults.conftest import environment
from tests.waiting import wait_for

PATH = "/v1/events/stream"
# Short enough for tests that wait for them.
QUICK = {"STREAM_HEARTBEAT_SECONDS": "0.3", "STREAM_CHECK_SECONDS": "0.3", "SWEEP_SECONDS": "0.3"}


@dataclass
class StreamProcess:
    """`python -m agents.streams` on a free port."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def get(self, query: str = "", **headers: str) -> httpx2.Response:
        """An answer that ends: a refusal."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx2.get(f"{self.url}{PATH}{query}", headers=named, timeout=20)


@contextmanager
def stream_process(folder: Path, **settings: str) -> Iterator[StreamProcess]:
    """Running while the block does; stopped as a supervisor would, which takes it no time."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = folder / "streams.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "agents.streams", "--port", str(port)],
            cwd=CHECKOUT,
            env={**os.environ, **environment(), **QUICK, **settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    started = StreamProcess(f"http://127.0.0.1:{port}", process, log)
    try:
        wait_for(lambda: _answers(started), "the process to answer", seconds=60)
        yield started
        process.terminate()
        process.wait(timeout=10)
    finally:
        process.kill()
        process.wait()


def _answers(started: StreamProcess) -> bool:
    assert started.process.poll() is None, started.log.read_text()
    try:
        return started.get().status_code == 401
    except httpx2.TransportError:
        return False


@dataclass
class Listener:
    """A client that keeps what it hears. `last` is the id it would go on from."""

    heard: list[dict[str, str]] = field(default_factory=list)
    comments: int = 0
    last: str = ""
    opened: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def ids(self) -> list[int]:
        return [int(event["id"]) for event in self.heard]

    @property
    def numbers(self) -> list[Any]:
        """What `tell` numbered them with; other events have none."""
        found = [json.loads(event["data"])["data"] for event in self.heard]
        return [data["number"] for data in found if "number" in data]

    def take(self, lines: Iterable[str]) -> None:
        """Reads as the HTML standard says: an empty line ends an event, which counts if it has data."""
        event: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            if line.startswith(":"):
                self.comments += 1
            elif line:
                event[name] = value.removeprefix(" ")
            else:
                self.last = event.get("id", self.last)
                if "data" in event:
                    self.heard.append(event)
                event = {}
                self.opened.set()


@contextmanager
def listening(url: str, query: str = "", **headers: str) -> Iterator[Listener]:
    """A client in a thread of its own, once its stream is open; cut off when the block ends."""
    listener = Listener()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    client = httpx2.Client(timeout=httpx2.Timeout(20, read=60))
    request = client.build_request("GET", f"{url}{PATH}{query}", headers=named)
    response = client.send(request, stream=True)
    assert response.status_code == 200, response.read()

    def read() -> None:
        try:
            listener.take(response.iter_lines())
        except httpx2.TransportError:
            pass  # cut off: a client keeps what it has
        finally:
            listener.ended.set()

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        wait_for(listener.opened.is_set, "the first words of the stream")
        yield listener
    finally:
        stream = response.extensions["network_stream"].get_extra_info("socket")
        try:
            stream.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the other side was faster
        thread.join(timeout=10)
        response.close()
        client.close()


def tell(agents: Iterable[Agent], number: int = 0) -> None:
    """Tells these agents of an event with that number, through the relay."""
    write(agents, number)
    relay_batch()


def write(agents: Iterable[Agent], number: int = 0, **data: Any) -> None:
    """The event alone; the relay will find it."""
    emit("test.told", actor=None, audience=agents, data={"number": number, **data})
