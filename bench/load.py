"""Asks a server for pages again and again over kept connections, and costs little itself.

    python -m bench.load --port 8000 --connections 16 --seconds 3 --server PID --path "/v1/jobs?status=OPEN"

Several paths are asked for in turn. Prints JSON: requests a second, the median seconds of one, and the seconds of CPU
that one costs the server, PostgreSQL and Valkey.
"""

import argparse
import selectors
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from statistics import median

from bench.clients import tell
from bench.servers import cpu_of, cpu_of_tree

HOST = "127.0.0.1"
END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"\r\ncontent-length:"
LARGEST_PART = 1 << 17
WITHOUT_BODY = b"304"
SECONDS_TO_ANSWER = 60


class Connection:
    """One that is kept; after `ask` it `hears` until the answer is complete."""

    def __init__(self, port: int, questions: Iterator[bytes], status: bytes) -> None:
        self.socket = socket.create_connection((HOST, port), SECONDS_TO_ANSWER)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.questions = questions
        self.status = status
        self.asked_at = 0.0
        self.head = b""
        self.missing = 0

    def ask(self) -> None:
        self.asked_at = time.perf_counter()
        self.socket.sendall(next(self.questions))

    def hears_all(self) -> bool:
        """Takes what has come; whether that completes the answer. Raises RuntimeError for one that is not wanted."""
        part = self.socket.recv(LARGEST_PART)
        if not part:
            raise RuntimeError("The server closed a connection.")
        if self.missing:
            self.missing -= len(part)
            return not self.missing
        self.head += part
        end = self.head.find(END_OF_HEAD)
        if end < 0:
            return False
        self.missing = end + len(END_OF_HEAD) + self._length_of_body(self.head[:end]) - len(self.head)
        self.head = b""
        return not self.missing

    def _length_of_body(self, head: bytes) -> int:
        if head[9:12] != self.status:
            raise RuntimeError(f"The server answered: {head.decode(errors='replace')}")
        if self.status == WITHOUT_BODY:
            return 0
        _, found, after = head.lower().partition(LENGTH)
        if not found:
            raise RuntimeError(f"The server told no length: {head.decode(errors='replace')}")
        return int(after.partition(b"\r\n")[0])


class Load:
    """Connections that ask anew as soon as they are answered."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        self.selector = selectors.DefaultSelector()
        for connection in connections:
            self.selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.ask()

    def run(self, is_over: Callable[[int], bool]) -> list[float]:
        """The seconds that each answer took, until so many answers are enough."""
        seconds: list[float] = []
        while not is_over(len(seconds)):
            for key, _ in self.selector.select(SECONDS_TO_ANSWER):
                if key.data.hears_all():
                    seconds.append(time.perf_counter() - key.data.asked_at)
                    key.data.ask()
        return seconds


def question(path: str, headers: Sequence[str]) -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: {HOST}", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def after(seconds: float) -> Callable[[int], bool]:
    end = time.perf_counter() + seconds
    return lambda answers: time.perf_counter() >= end


def measure(load: Load, chosen: argparse.Namespace) -> dict[str, float]:
    load.run(after(chosen.seconds / 3))
    cpu = [cpu_of_tree(chosen.server), cpu_of(chosen.postmaster), cpu_of_tree(chosen.valkey)]
    start = time.perf_counter()
    is_over = (lambda answers: answers >= chosen.requests) if chosen.requests else after(chosen.seconds)
    seconds = load.run(is_over)
    passed = time.perf_counter() - start
    if not seconds:
        raise RuntimeError(f"The server answered nothing in {passed:.1f} seconds.")
    used = [cpu_of_tree(chosen.server), cpu_of(chosen.postmaster), cpu_of_tree(chosen.valkey)]
    server, database, valkey = ((now - before) / len(seconds) for now, before in zip(used, cpu, strict=True))
    return {
        "rate": len(seconds) / passed,
        "median": median(seconds),
        "cpu": server + database,
        "server_cpu": server,
        "database_cpu": database,
        "valkey_cpu": valkey,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", action="append", required=True)
    parser.add_argument("--header", action="append", default=[], help="sent with each request")
    parser.add_argument("--status", default="200", help="any other is an error")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--requests", type=int, default=0, help="so many, however long they take")
    parser.add_argument("--server", type=int, help="its process")
    parser.add_argument("--postmaster", type=int)
    parser.add_argument("--valkey", type=int)
    chosen = parser.parse_args()
    questions = cycle([question(path, chosen.header) for path in chosen.path])
    status = chosen.status.encode()
    tell(measure(Load([Connection(chosen.port, questions, status) for _ in range(chosen.connections)]), chosen))


if __name__ == "__main__":
    main()
