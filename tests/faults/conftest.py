"""Processes to kill: the programs that production runs, on the database and the broker of the tests."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
import redis
from django.conf import settings
from django.db import connection

from marketplace.embedded import valkey
from marketplace.supervisor import CHECKOUT, Program, site_programs
from tests.waiting import wait_for


@dataclass
class Processes:
    """Starts `web`, `worker` and `beat` by name, each in a session of its own, and kills what it started."""

    folder: Path
    port: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def names(self) -> list[str]:
        """The programs of a whole site."""
        return [program.name for program in site_programs(host="127.0.0.1", port=self.port, workers=1)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *names: str) -> None:
        programs = {program.name: program for program in site_programs(host="127.0.0.1", port=self.port, workers=1)}
        for name in names:
            self.run(programs[name])

    def run(self, program: Program) -> subprocess.Popen[bytes]:
        with open(self.folder / f"{program.name}.log", "ab") as log:
            process = subprocess.Popen(
                program.command,
                cwd=CHECKOUT,
                env={**os.environ, **environment(), **self.environment, **program.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.running[program.name] = process
        return process

    def kill_the_dead(self) -> list[str]:
        """What ended by itself, with all that it has left: whoever supervises it starts it anew."""
        ended = [name for name, process in self.running.items() if process.poll() is not None]
        self.kill(*ended)
        return ended

    def kill(self, *names: str) -> None:
        """SIGKILL to the process and all that it has started."""
        for name in names:
            process = self.running.pop(name)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Broker:
    """A Valkey of a test's own, to be killed; nothing in it is kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: subprocess.Popen[bytes] | None = None
        self._socket = folder / "broker.sock"
        self.url = f"unix://{self._socket}?db=0"

    def start(self) -> None:
        command = [str(valkey.program()), "--port", "0", "--unixsocket", str(self._socket), "--save", ""]
        with open(self._folder / "broker.log", "ab") as log:
            self._server = subprocess.Popen(
                [*command, "--dir", str(self._folder)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_for(self._answers, "the broker to answer")

    def _answers(self) -> bool:
        try:
            with redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def kill(self) -> None:
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None


def environment() -> dict[str, str]:
    """What makes a program use the test's own database and broker, and look often."""
    return {
        "GUILDHALL_LOCAL": "1",
        "SECRET_KEY": settings.SECRET_KEY,
        "DATABASE_URL": database_url(),
        "REDIS_URL": settings.REDIS_URL,
        "SWEEP_SECONDS": "0.2",
        "WEBHOOK_LEASE_SECONDS": "1.5",
        "WITHDRAWAL_LEASE_SECONDS": "1.5",
        "EMBEDDED_RAIL_DELAY_SECONDS": "0.2",
    }


def database_url() -> str:
    at = connection.settings_dict
    login = quote(at["USER"], safe="") + (":" + quote(at["PASSWORD"], safe="") if at["PASSWORD"] else "")
    if at["HOST"].startswith("/"):
        return f"postgresql://{login}@/{at['NAME']}?host={quote(at['HOST'])}"
    return f"postgresql://{login}@{at['HOST']}:{at['PORT'] or 5432}/{at['NAME']}"


@pytest.fixture
def processes(transactional_db: None, tmp_path: Path) -> Iterator[Processes]:
    """Killed before the tables are emptied; their output is in the test's folder."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    started = Processes(tmp_path, port)
    try:
        yield started
    finally:
        started.kill(*list(started.running))
