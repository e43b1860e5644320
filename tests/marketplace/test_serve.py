"""`manage.py serve`: its processes end together and leave nothing behind, however it is asked."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from marketplace.embedded.places import CHECKOUT
from marketplace.supervisor import port_is_free, site_programs, site_url
from tests.waiting import wait_for

ENDINGS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
# A program with a child of its own, as the web server and the worker are.
PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("ready", flush=True)
time.sleep(600)
"""
# Ends at once as a worker does that takes nothing; the second time it goes on.
STALE_ONCE = """
import pathlib, sys, time
been = pathlib.Path(sys.argv[1])
if not been.exists():
    been.touch()
    raise SystemExit(75)
print("second", flush=True)
time.sleep(600)
"""
# Ends with what is asked of it; hears no SIGTERM when stubborn.
SUPERVISE = """
import signal, sys
from marketplace import supervisor
supervisor.SECONDS_TO_STOP = 1
supervisor.SECONDS_TO_SETTLE = 0.1 if "settled" in sys.argv else 5
stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)" + chr(10)
programs = {
    "parent": lambda: supervisor.Program("parent", [sys.executable, "-c", PARENT]),
    "stubborn": lambda: supervisor.Program("stubborn", [sys.executable, "-c", stubborn + PARENT]),
    "chatty": lambda: supervisor.Program("chatty", [sys.executable, "-c", "while True: print('and so on')"]),
    "stale": lambda: supervisor.Program("stale", [sys.executable, "-c", STALE_ONCE, sys.argv[-1]]),
    "brief": lambda: supervisor.Program("brief", [sys.executable, "-c", "print('done'); raise SystemExit(3)"]),
}
sys.exit(supervisor.Supervisor([programs[name]() for name in sys.argv[1:] if name in programs]).run())
"""


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command,
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        for descendant in descendants_of(process):
            descendant.kill()
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def supervise(*programs: str) -> list[str]:
    prelude = f"PARENT = {PARENT!r}\nSTALE_ONCE = {STALE_ONCE!r}\n"
    return [sys.executable, "-c", prelude + SUPERVISE, *programs]


def descendants_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def remaining(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Zombies are gone: some containers have an init that collects nobody."""
    return [process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def read_until(process: subprocess.Popen[str], sentence: str, times: int = 1) -> None:
    assert process.stdout
    for line in process.stdout:
        times -= sentence in line
        if times == 0:
            return
    pytest.fail(f"{process.args!r} ended before it said {sentence!r}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("ending", ENDINGS)
def test_programs_and_their_children_end_with_the_supervisor(ending: signal.Signals) -> None:
    with running(*supervise("parent", "parent")) as process:
        read_until(process, "ready", times=2)
        started = descendants_of(process)
        assert len(started) == 4
        process.send_signal(ending)
        assert process.wait(timeout=20) == 0
        wait_for(lambda: not remaining(started), "their end")


def test_one_that_does_not_listen_is_killed_with_its_children() -> None:
    with running(*supervise("stubborn")) as process:
        read_until(process, "ready")
        started = descendants_of(process)
        process.send_signal(signal.SIGINT)
        # People press it again when nothing seems to happen.
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        wait_for(lambda: not remaining(started), "their end")


def test_one_that_is_killed_is_started_anew_with_its_children() -> None:
    with running(*supervise("settled", "parent", "parent")) as process:
        read_until(process, "ready", times=2)
        victim = psutil.Process(process.pid).children()[0]
        children = victim.children(recursive=True)
        settled = time.monotonic() + 0.2
        wait_for(lambda: time.monotonic() > settled, "it to have run for a while")
        victim.kill()
        read_until(process, "parent ended by itself (-9); starting it anew")
        read_until(process, "ready")
        wait_for(lambda: not remaining([victim, *children]), "the end of what it left")
        assert process.poll() is None


def test_when_one_cannot_run_the_others_follow_and_the_code_is_its_own() -> None:
    with running(*supervise("parent", "brief")) as process:
        started = descendants_of(process)
        output, _ = process.communicate(timeout=20)
        assert process.returncode == 3
        assert "brief  | done" in output
        assert "brief ended by itself (3)" in output
        assert not remaining(started)


def test_a_worker_at_a_standstill_is_started_anew_and_the_others_go_on(tmp_path: Path) -> None:
    """C5"""
    with running(*supervise("parent", "stale", str(tmp_path / "been here"))) as process:
        read_until(process, "stale ended by itself (75); starting it anew")
        read_until(process, "second")
        assert process.poll() is None


def test_a_signal_while_it_starts_leaves_nothing_behind() -> None:
    with running(*supervise("parent", "parent", "parent")) as process:
        started = wait_for(lambda: descendants_of(process), "the first program")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        assert not remaining(started)


def test_an_output_that_nobody_reads_any_more_ends_it() -> None:
    with running(*supervise("parent", "chatty")) as process:
        read_until(process, "and so on")
        started = descendants_of(process)
        assert process.stdout
        process.stdout.close()
        assert process.wait(timeout=20) != 0
        wait_for(lambda: not remaining(started), "their end")


def test_the_whole_site_answers_and_ctrl_c_leaves_no_process() -> None:
    port = free_port()
    with running(sys.executable, "manage.py", "serve", "--port", str(port)) as process:
        read_until(process, f"Serving http://127.0.0.1:{port}")
        wait_for(lambda: answers(port), "an answer", seconds=60)
        wait_for(lambda: len(descendants_of(process)) >= 7, "web, worker and beat with their children", seconds=60)
        started = descendants_of(process)
        names = " ".join(word for process in started for word in process.cmdline())
        assert all(name in names for name in ("granian", "celery", "worker", "beat", "agents.streams")), names
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
        wait_for(lambda: not remaining(started), "their end")
        assert port_is_free("127.0.0.1", port)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/health", timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def test_a_taken_port_gets_one_line_that_names_another() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        # With no servers to be had: it must not come to that.
        done = subprocess.run(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=CHECKOUT,
            env=os.environ | {"GUILDHALL_DATA": "/dev/null/nowhere", "SECRET_KEY": "x"},
            capture_output=True,
            text=True,
        )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"CommandError: Port {port} is taken. Use another one: make serve PORT=")
    assert port_is_free("127.0.0.1", int(line.rpartition("=")[2]))


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104
        ("::1", "http://[::1]:8000"),
        ("guildhall.example", "http://guildhall.example:8000"),
    ],
)
def test_every_process_knows_the_address_of_the_site(host: str, address: str) -> None:
    assert site_url(host, 8000) == address
    programs = site_programs(host=host, port=8000)
    assert [program.name for program in programs] == ["web", "streams", "worker", "webhooks", "beat"]
    assert {program.environment["SITE_URL"] for program in programs} == {address}
