"""The servers' programs: found in their wheels, run as the servers' account."""

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from .places import ServicesUnavailable, is_root, make_home, service_account, service_home

Say = Callable[[str], None]


def package_folder(package: str) -> Path:
    """The folder of an installed wheel, or root's private copy of it, which the servers' account can read.

    Raises ServicesUnavailable when the wheel is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise _missing(package)
    folder = Path(spec.origin).parent
    return _private_copy(folder) if is_root() else folder


def package_version(package: str) -> str:
    """The version of an installed wheel. Raises ServicesUnavailable when it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError as error:
        raise _missing(package) from error


def _missing(package: str) -> ServicesUnavailable:
    return ServicesUnavailable(
        f"The {package} wheel is not installed. Run `pip install -r requirements.txt`, "
        "or set DATABASE_URL and REDIS_URL to servers of your own."
    )


def run(*command: str | Path, text: str = "", seconds: float = 120) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; stdout holds both of its outputs."""
    with _explaining(command):
        return subprocess.run(
            _words(command),
            **_circumstances(),
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
        )


def launch(*command: str | Path, log: Path) -> subprocess.Popen[bytes]:
    """Start a server whose output is added to the log.

    It is our own child, not a daemon, so that there is somebody to collect it in a container without an init.
    """
    with _explaining(command), _open_log(log) as output:
        return subprocess.Popen(
            _words(command), **_circumstances(), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )


def _words(command: Sequence[str | Path]) -> list[str]:
    return [str(word) for word in command]


def _circumstances() -> dict[str, Any]:
    """Away from the terminal's Ctrl-C, and as the servers' account."""
    account = service_account()
    identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if is_root() else {}
    # Of our environment only PATH: PGDATA, PGPORT and their like would change what the programs do.
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    return {**identity, "cwd": "/", "env": environment, "start_new_session": True}


def _open_log(path: Path) -> IO[bytes]:
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600), "ab")


@contextmanager
def _explaining(command: Sequence[str | Path]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ServicesUnavailable(
            f"Cannot run {command[0]} as {service_account().pw_name}: {error}. Set DATABASE_URL and REDIS_URL instead."
        ) from error


def collect(launched: list[subprocess.Popen[bytes]]) -> None:
    """Wait for the ends of servers that this process launched and that were told to stop."""
    while launched:
        launched.pop().wait()


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _private_copy(package: Path) -> Path:
    """A wheel's folder may lie where only root can read, such as under /root, and must stay as it is."""
    home = service_home() / "programs" / f"{package.name}-{package_version(package.name)}"
    if not home.exists():
        make_home(home.parent)
        staged = home.with_name(f".{home.name}")
        shutil.rmtree(staged, ignore_errors=True)
        libraries = package.with_name(f"{package.name}.libs")
        for source in filter(Path.is_dir, (package, libraries)):
            shutil.copytree(source, staged / source.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
        _let_all_read(staged)
        staged.rename(home)
    return home / package.name


def _let_all_read(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if executable else 0o644)
