"""Where the embedded servers are found, and the secret key of a trial: functions of paths alone."""

import os
import secrets
from pathlib import Path
from urllib.parse import quote

from .places import data_home, make_home, socket_folder

DATABASE = "guildhall"


def database_url() -> str:
    return f"postgresql://postgres@/{DATABASE}?host={quote(str(socket_folder()))}"


def redis_url(database: int = 0) -> str:
    return f"unix://{quote(str(redis_socket()))}?db={database}"


def redis_socket() -> Path:
    return socket_folder() / "valkey.sock"


def secret_key() -> str:
    """Made once for each data folder and readable by its owner alone."""
    path = data_home() / "secret_key"
    if not path.exists():
        make_home(path.parent)
        _write_once(path, secrets.token_urlsafe(50))
    return path.read_text()


def _write_once(path: Path, text: str) -> None:
    """Of two processes that get here together the first wins, and neither reads half a file."""
    staged = path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
    with open(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    try:
        os.link(staged, path)
    except FileExistsError:
        return
    finally:
        staged.unlink()
