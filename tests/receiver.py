"""A program that receives webhooks: a real HTTP server on the loopback, which does as it is told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR
from typing import Any

import pytest


@dataclass(frozen=True)
class Received:
    """One request that arrived whole; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


def answer(status: int = 200, headers: dict[str, str] | None = None, body: bytes = b"") -> Callable[["Handler"], None]:
    """Behaviour: answers so."""

    def behave(handler: "Handler") -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)
        handler.wfile.flush()
        handler.server.receiver.answered += 1

    return behave


def drop(handler: "Handler") -> None:
    """Behaviour: hangs up without an answer."""
    handler.connection.shutdown(SHUT_RDWR)


def hang(handler: "Handler") -> None:
    """Behaviour: says nothing until the receiver is told to let go."""
    handler.server.receiver.released.wait()


def say_without_end(piece: bytes) -> Callable[["Handler"], None]:
    """Behaviour: answers 200 and then says this over and over until the other side hangs up or it is let go."""

    def behave(handler: "Handler") -> None:
        handler.send_response(200)
        handler.end_headers()
        while not handler.server.receiver.released.is_set():
            handler.wfile.write(piece)
            handler.server.receiver.said += len(piece)

    return behave


def whisper(handler: "Handler") -> None:
    """Behaviour: answers 200 and then one byte every now and then, without end."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.receiver.released.wait(0.05):
        handler.wfile.write(b".")


@dataclass
class Receiver:
    """Records what arrives. `behaviours` are used up in order, one a request; then `behaviour` is for all."""

    behaviour: Callable[["Handler"], None] = field(default_factory=answer)
    behaviours: list[Callable[["Handler"], None]] = field(default_factory=list)
    requests: list[Received] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    answered: int = 0
    said: int = 0
    url: str = ""

    def next_behaviour(self) -> Callable[["Handler"], None]:
        return self.behaviours.pop(0) if self.behaviours else self.behaviour

    def release(self) -> None:
        """Lets those go that hang."""
        self.released.set()

    @property
    def ids(self) -> list[str]:
        """The webhook ids, in the order of arrival."""
        return [request.id for request in self.requests]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    receiver: Receiver

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that hangs up, or is killed, is what some tests are about."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            return  # the sender died in the middle of it
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.receiver.requests.append(Received(self.command, self.path, headers, body))
        self.server.receiver.next_behaviour()(self)

    do_GET = do_POST  # noqa: N815  (the name that http.server calls)

    def log_message(self, format: str, *args: Any) -> None:
        """The tests look at what was received."""


@contextmanager
def listening() -> Iterator[Receiver]:
    """A receiver that answers 200, on a free port."""
    with Server(("127.0.0.1", 0), Handler) as server:
        server.receiver = Receiver(url=f"http://127.0.0.1:{server.server_port}/hooks")
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.receiver
        server.receiver.release()
        server.shutdown()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as one:
        yield one


@pytest.fixture
def other_receiver() -> Iterator[Receiver]:
    with listening() as other:
        yield other
