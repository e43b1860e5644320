"""Who uses the servers: the first to come starts them, the last to go stops them.

Users are counted by the kernel. Each holds a shared lock on one file, which goes with its process however that ends, so
no count can be wrong after a SIGKILL. Coming and going happen one at a time behind a second lock, the gate: nobody
can arrive between the moment the last user sees that it is alone and the moment the servers are gone.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import IO

from . import postgres, valkey
from .places import ServicesUnavailable, data_home, make_homes
from .programs import Say
from .signals import undisturbed


@contextmanager
def running(say: Say = lambda sentence: None) -> Iterator[None]:
    """Hold the servers that this environment needs; `say` hears of steps that take a while.

    Raises ServicesUnavailable with what to do when they cannot run.
    """
    servers = _servers_needed()
    if not servers:
        yield
        return
    make_homes()
    process = os.getpid()
    with _lock_file("leases") as lease:
        try:
            with _gate():
                fcntl.flock(lease, fcntl.LOCK_SH)
                for server in servers:
                    server.start(say)
            yield
        finally:
            # A forked child shares its parent's lock and may not decide for it.
            if os.getpid() == process:
                _leave(lease)


def _servers_needed() -> list[ModuleType]:
    choices = {"DATABASE_URL": postgres, "REDIS_URL": valkey}
    return [server for name, server in choices.items() if not os.environ.get(name)]


def _leave(lease: IO[bytes]) -> None:
    with undisturbed(), _gate():
        try:
            fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        with ExitStack() as both:
            both.callback(postgres.stop)
            both.callback(valkey.stop)
        # Closing would not do: a child that was forked and lives on keeps the same lock open.
        fcntl.flock(lease, fcntl.LOCK_UN)


@contextmanager
def _gate() -> Iterator[None]:
    with _lock_file("gate") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield


def _lock_file(name: str) -> IO[bytes]:
    path = data_home() / f"{name}.lock"
    try:
        return open(path, "ab")
    except PermissionError as error:
        raise ServicesUnavailable(
            f"{path} belongs to another user. Run as that user, or name a data folder of your own with GUILDHALL_DATA."
        ) from error
