"""Web servers that are measured from outside: started, asked, their memory read, stopped."""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

from bench.rounds import Figures
from bench.servers import CHECKOUT, CannotMeasure, Server, free_port, run, tree
from marketplace.supervisor import Program, site_programs

HOST = "127.0.0.1"
SECONDS_TO_START = 60


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes


@dataclass(frozen=True)
class Site:
    """A web server that runs, by its port and its process."""

    server: Server
    port: int
    pid: int

    def get(self, path: str, **headers: str) -> Answer:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=SECONDS_TO_START)
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        connection.close()
        return answer

    def load(self, *paths: str, headers: Sequence[str] = (), **options: object) -> Figures:
        """What `bench.load` measures of it, in a process of its own."""
        words = ["--port", self.port, "--server", self.pid, *self.server.processes()]
        for name, values in (("--path", paths), ("--header", headers)):
            words += [word for value in values for word in (name, value)]
        words += [word for name, value in options.items() for word in (f"--{name}", value)]
        found: Figures = json.loads(run([sys.executable, "-m", "bench.load", *map(str, words)]))
        return found

    def memory(self) -> dict[str, float]:
        """Megabytes of its largest process: resident, and with what is shared counted in parts (RSS and PSS)."""
        found = [_memory(pid) for pid in tree(self.pid)]
        return max(found, key=lambda memory: memory["RSS"])


def _memory(pid: int) -> dict[str, float]:
    lines = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    kilobytes = {words[0]: int(words[1]) for words in lines}
    return {"RSS": kilobytes["Rss:"] / 1024, "PSS": kilobytes["Pss:"] / 1024}


@contextmanager
def serving(server: Server, database: str, command: list[str], port: int, **environment: str) -> Iterator[Site]:
    """The web server while it runs, from its first answer on. Raises CannotMeasure."""
    with program(server, database, command, **environment) as process:
        site = Site(server, port, process.pid)
        deadline = time.monotonic() + SECONDS_TO_START
        while not _answers(site):
            if process.poll() is not None or time.monotonic() > deadline:
                raise CannotMeasure(f"{' '.join(command)} did not come up; run it by hand to see why.")
            time.sleep(0.1)
        yield site


@contextmanager
def program(server: Server, database: str, command: list[str], **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program that works in that database, while it runs."""
    quiet = subprocess.DEVNULL
    settings = server.environment(database) | environment
    process = subprocess.Popen(command, cwd=CHECKOUT, env=settings, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _answers(site: Site) -> bool:
    try:
        return site.get("/jobs").status > 0
    except (OSError, http.client.HTTPException):
        return False


@contextmanager
def guildhall(
    server: Server, database: str, *, workers: int = 1, application: str = "", **environment: str
) -> Iterator[Site]:
    """The web program as `make serve` runs it, or another application instead under the same web server."""
    port = free_port()
    found = site_program("web", port, workers)
    command = [*found.command[:-1], application or found.command[-1]]
    with serving(server, database, command, port, **found.environment, **environment) as site:
        yield site


def site_program(name: str, port: int = 1, workers: int = 1) -> Program:
    """One of those that `make serve` runs."""
    [found] = [found for found in site_programs(host=HOST, port=port, workers=workers) if found.name == name]
    return found
