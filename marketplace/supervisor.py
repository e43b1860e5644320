"""Web server, worker and beat as one: started together, told apart in the output, stopped together.

honcho prints the lines. Its manager is not used: it signals whole process groups, which can kill a worker's tasks
half-way, and it leaves processes behind when it is told to stop while it starts or when the terminal goes away.
"""

import os
import queue
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import IO

from honcho.colour import get_colours
from honcho.printer import Message, Printer

from marketplace import embedded
from marketplace.embedded.signals import ENDING, undisturbed

CHECKOUT = Path(__file__).resolve().parent.parent
SECONDS_TO_STOP = 15
SECONDS_TO_ANSWER = 60
# What ends sooner after its start is not helped by starting it again.
SECONDS_TO_SETTLE = 5
# In each web process. More only share out its one interpreter lock: on 2 processors 4 threads answered 629 requests
# a second, 16 threads 521 and 32 threads 315.
WEB_THREADS = min(2 * (os.cpu_count() or 1) + 1, 16)
# What a worker leaves with that takes nothing though messages wait (marketplace.workers, which needs Django).
STALE = 75
RELOADED = ("marketplace", "agents", "wallets", "jobs", "bids", "disputes")


@dataclass(frozen=True)
class Program:
    """One process to run. When watched it is started anew on each change of the code."""

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)

    def watched(self) -> "Program":
        """This program under watchfiles."""
        folders = [str(CHECKOUT / name) for name in RELOADED]
        watcher = [sys.executable, "-m", "watchfiles", "--filter", "python", "--target-type", "command"]
        return Program(self.name, [*watcher, shlex.join(self.command), *folders], self.environment)


def site_programs(
    *, host: str, port: int, stream_port: int | None = None, workers: int = 2, reload: bool = False
) -> list[Program]:
    """The processes of a whole site: `web`, `streams` on a port of its own, `worker`, `webhooks` and `beat`."""
    stream_port = stream_port or port + 1
    addresses = {"SITE_URL": site_url(host, port), "STREAM_URL": site_url(host, stream_port)}
    environment = {**addresses, "PYTHONUNBUFFERED": "1"}
    celery = [sys.executable, "-W", "ignore:You're running the worker with superuser", "-m", "celery"]
    celery += ["--app", "marketplace", "--quiet"]
    schedule = str(embedded.data_home() / f"beat-schedule-{port}")
    worker = Program("worker", [*celery, "worker", "--concurrency", "2", "--loglevel", "INFO"], environment)
    # Receivers that hang hold up nothing but other deliveries. Threads, since a delivery waits most of the time, and
    # two, so that one goes on while the other waits for its last answers.
    sending = ["--queues", "webhooks", "--hostname", "webhooks@%h", "--pool", "threads", "--concurrency", "2"]
    webhooks = Program("webhooks", [*celery, "worker", *sending, "--loglevel", "INFO"], environment)
    beat = Program("beat", [*celery, "beat", "--schedule", schedule, "--pidfile", ""], environment)
    listening = ["--host", host, "--port", str(stream_port)]
    streams = Program("streams", [sys.executable, "-m", "agents.streams", *listening], environment)
    web = Program("web", _web_command(host, port, workers, reload), environment)
    return [web, *(program.watched() if reload else program for program in (streams, worker, webhooks, beat))]


def _web_command(host: str, port: int, workers: int, reload: bool) -> list[str]:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)]
    command += ["--workers", str(workers), "--blocking-threads", str(WEB_THREADS), "--no-ws"]
    command += ["--log-level", "warning", "--respawn-failed-workers", "--workers-kill-timeout", "10"]
    if reload:
        command += ["--reload", "--reload-ignore-worker-failure"]
        command += [word for name in (*RELOADED, "templates") for word in ("--reload-paths", str(CHECKOUT / name))]
    return [*command, "marketplace.wsgi:application"]


def site_url(host: str, port: int) -> str:
    """Where a browser on this machine finds the site."""
    everywhere = {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
    name = "127.0.0.1" if host in everywhere else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def port_is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the web server does it: a port that somebody has just left is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


class Supervisor:
    """Runs programs until somebody asks it to stop, or one of them cannot run; then none of them is left.

    One that ended after it had run for a while, or says that it is at a standstill, is started anew.
    """

    def __init__(self, programs: Iterable[Program], output: IO[str] | None = None) -> None:
        self.programs = list(programs)
        self._printer = Printer(output or sys.stdout, width=max(len(program.name) for program in self.programs))
        self._printing = threading.Lock()
        self._starting = threading.Lock()
        self._is_stopping = False
        self._processes: list[subprocess.Popen[bytes]] = []
        # What ended it: the sentence to print and the code to leave with. Signal handlers may put into this queue.
        self._endings: queue.SimpleQueue[tuple[str, int]] = queue.SimpleQueue()

    def run(self) -> int:
        """Return the code to leave with: 0 when asked to stop, another when a program ended by itself."""
        with self._signals_end_it():
            try:
                for program, colour in zip(self.programs, get_colours(), strict=False):
                    self._start(program, colour)
                sentence, code = self._endings.get()
                self._print(sentence)
            finally:
                with undisturbed():
                    self._stop()
        return code

    @contextmanager
    def _signals_end_it(self) -> Iterator[None]:
        def end(number: int, frame: FrameType | None) -> None:
            self._endings.put((f"Stopping ({signal.Signals(number).name}) …", 0))

        before = {number: signal.signal(number, end) for number in ENDING}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start(self, program: Program, colour: str) -> None:
        started = time.monotonic()
        process = subprocess.Popen(
            program.command,
            cwd=CHECKOUT,
            env=os.environ | program.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for us alone: we stop them in good order.
            start_new_session=True,
        )
        self._processes.append(process)
        threading.Thread(target=self._relay, args=(program, process, colour), daemon=True).start()
        threading.Thread(target=self._await_end, args=(program, process, colour, started), daemon=True).start()

    def _relay(self, program: Program, process: subprocess.Popen[bytes], colour: str) -> None:
        assert process.stdout
        for line in process.stdout:
            self._print(line, program.name, colour)

    def _await_end(self, program: Program, process: subprocess.Popen[bytes], colour: str, started: float) -> None:
        code = process.wait()
        with self._starting:
            if self._is_stopping:
                return
            if code == STALE or time.monotonic() - started > SECONDS_TO_SETTLE:
                self._print(f"{program.name} ended by itself ({code}); starting it anew.")
                _end_group(process.pid)
                self._processes.remove(process)
                self._start(program, colour)
                return
        self._endings.put((f"{program.name} ended by itself ({code}); stopping the others.", code if code > 0 else 1))

    def _print(self, text: str | bytes, name: str = "site", colour: str | None = None) -> None:
        with self._printing:
            try:
                self._printer.write(Message("line", text, datetime.now().astimezone(), name, colour))
            except BrokenPipeError:
                self._endings.put(("", 1))

    def _stop(self) -> None:
        """Politely, then not; whatever a program has started goes with it."""
        with self._starting:
            self._is_stopping = True
        for process in self._processes:
            # poll() would race with the thread that waits; send_signal() looks for itself.
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + SECONDS_TO_STOP
        for process in self._processes:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
            _end_group(process.pid)
            process.wait()


def _end_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


@contextmanager
def site_in_background(port: int, *, host: str = "127.0.0.1", output: IO[str] | None = None) -> Iterator[str]:
    """`manage.py serve` beside us while the block runs; yields the site's address once it answers.

    `output` is an open file for the lines, or the terminal. Raises ServicesUnavailable when the site does not come up.
    """
    command = [sys.executable, str(CHECKOUT / "manage.py"), "serve", "--host", host, "--port", str(port)]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        _wait_until_it_answers(process, f"{site_url(host, port)}/v1/health", getattr(output, "name", "above"))
        yield site_url(host, port)
    finally:
        with undisturbed():
            process.terminate()
            process.wait()


def _wait_until_it_answers(process: subprocess.Popen[bytes], address: str, log: str) -> None:
    deadline = time.monotonic() + SECONDS_TO_ANSWER
    while not _answers(address):
        if process.poll() is not None or time.monotonic() > deadline:
            raise embedded.ServicesUnavailable(f"The site did not come up at {address}; its output says why: {log}")
        time.sleep(0.1)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as reply:  # noqa: S310 - our own address
            return bool(reply.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
