"""Folders and the account the servers run under.

PostgreSQL refuses to run as root. Root therefore starts both servers as an unprivileged account that every system
has, from a private copy of their programs, and in a folder that account can reach. No folder that existed before is
ever given another mode or owner.
"""

import hashlib
import os
import pwd
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
ROOTS_ACCOUNT = "nobody"
# Bytes; a socket's address has room for 103 on macOS and 107 on Linux.
LONGEST_SOCKET_PATH = 100
LONGEST_SOCKET_NAME = ".s.PGSQL.5432"


class ServicesUnavailable(Exception):
    """The embedded servers cannot run here; the message says what to do."""


def data_home() -> Path:
    """The checkout's `.data`, or the folder that GUILDHALL_DATA names (relative to the checkout)."""
    return (CHECKOUT / (os.environ.get("GUILDHALL_DATA") or ".data")).resolve()


def service_home() -> Path:
    """Where the servers keep their files: data_home(), unless root's account could not get there."""
    home = data_home()
    if not is_root() or _may_pass(service_account(), home):
        return home
    return Path("/var/lib/guildhall") / _digest(home)


def socket_folder() -> Path:
    """service_home()/sockets, or a private folder in /tmp when that path is too long for a socket."""
    folder = service_home() / "sockets"
    if len(os.fsencode(folder / LONGEST_SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
        return folder
    # Not TMPDIR, which may differ between two of our processes. make_private() makes sure that it is ours.
    return Path("/tmp") / f"guildhall-{_digest(data_home())}"  # noqa: S108


def is_root() -> bool:
    return os.geteuid() == 0


def service_account() -> pwd.struct_passwd:
    """The account that owns and runs the servers: ours, or an unprivileged one when we are root."""
    try:
        return pwd.getpwnam(ROOTS_ACCOUNT) if is_root() else pwd.getpwuid(os.geteuid())
    except KeyError as error:
        raise ServicesUnavailable(
            f"The embedded servers need a named account to run under ({error.args[0]}). "
            "Add it to /etc/passwd, or set DATABASE_URL and REDIS_URL."
        ) from error


def make_homes() -> None:
    """Make data_home() and service_home(); where they differ, `servers` in the first leads to the second."""
    make_home(data_home())
    make_home(service_home())
    # Mails hold links that let their reader in.
    _make_folder(data_home() / "mail", mode=0o700)
    link = data_home() / "servers"
    if service_home() != data_home() and not link.is_symlink():
        with suppress(FileExistsError):
            link.symlink_to(service_home())


def make_home(folder: Path) -> None:
    """Make a missing home; root's is open to pass through (and nothing else), for the account of the servers."""
    _make_folder(folder, mode=0o711 if is_root() else 0o700)


def make_private(folder: Path) -> None:
    """Make a folder that only the servers' account (and root) may enter, or check that it is one."""
    account = service_account()
    _make_folder(folder, mode=0o700, owner=account)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.pw_uid or found.st_mode & 0o077:
        raise ServicesUnavailable(
            f"{folder} is not a private folder of {account.pw_name}. Run as the user who made it, remove it, "
            "or name another data folder with GUILDHALL_DATA."
        )


def _make_folder(folder: Path, mode: int, owner: pwd.struct_passwd | None = None) -> None:
    """Appears complete with mode and owner, or not at all: another process may look at any moment."""
    if os.path.lexists(folder):
        return
    _make_folder(folder.parent, mode)
    staged = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    staged.chmod(mode)
    if owner and is_root():
        os.chown(staged, owner.pw_uid, owner.pw_gid)
    try:
        staged.rename(folder)
    except OSError:
        staged.rmdir()
        if not folder.is_dir():
            raise


def _may_pass(account: pwd.struct_passwd, folder: Path) -> bool:
    """Whether the account may pass through the folder and all above it (those that exist)."""
    return all(_may_enter(account, above.stat()) for above in (folder, *folder.parents) if above.exists())


def _may_enter(account: pwd.struct_passwd, found: os.stat_result) -> bool:
    if found.st_uid == account.pw_uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.pw_gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
