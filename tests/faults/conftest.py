"""Processes to kill: the programs that production runs, on the database and the broker of the tests."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from marketplace.supervisor import CHECKOUT, Program, site_programs


@dataclass
class Processes:
    """Starts `web`, `worker` and `beat` by name, each in a session of its own, and kills what it started."""

    folder: Path
    port: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *names: str) -> None:
        programs = {program.name: program for program in site_programs(host="127.0.0.1", port=self.port, workers=1)}
        for name in names:
            self.running[name] = self._start(programs[name])

    def _start(self, program: Program) -> subprocess.Popen[bytes]:
        with open(self.folder / f"{program.name}.log", "ab") as log:
            return subprocess.Popen(
                program.command,
                cwd=CHECKOUT,
                env={**os.environ, **environment(), **program.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, *names: str) -> None:
        """SIGKILL to the process and all that it has started."""
        for name in names:
            process = self.running.pop(name)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


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
