"""Many clients at once, a process each, as web workers are."""

import json
import multiprocessing
import os
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.synchronize import Barrier
from threading import BrokenBarrierError
from typing import Any

from bench.servers import POSTMASTER, cpu_of

SECONDS_TO_GET_READY = 120
# Builds, in the client's process, what is done again and again; False from it says that there is no more to do.
Prepare = Callable[[int], Callable[[], bool]]
_work: tuple[Prepare, float, Barrier] | None = None


def run_clients(prepare: Prepare, clients: int, seconds: float) -> dict[str, float]:
    """Cycles a second of all clients together, and the seconds of CPU, theirs and the server's, that one takes.

    Nothing may be connected before: the clients are forks.
    """
    postmaster = int(os.environ.get(POSTMASTER, 0)) or None
    processes = multiprocessing.get_context("fork")
    barrier = processes.Barrier(clients + 1)
    with processes.Pool(clients, _remember, [prepare, seconds, barrier]) as pool:
        running = pool.map_async(_client, range(clients), chunksize=1, error_callback=lambda error: barrier.abort())
        with suppress(BrokenBarrierError):  # a client failed before its start; get() raises its error
            barrier.wait(SECONDS_TO_GET_READY)
        server = cpu_of(postmaster)
        runs = running.get()
        server = cpu_of(postmaster) - server
    cycles = sum(run["cycles"] for run in runs)
    return {
        "rate": sum(run["cycles"] / run["seconds"] for run in runs),
        "cpu": (sum(run["cpu"] for run in runs) + server) / cycles,
        "server_cpu": server / cycles,
        "cycles": cycles,
    }


def _remember(*work: Any) -> None:
    global _work
    _work = work


def _client(number: int) -> dict[str, float]:
    assert _work
    prepare, seconds, barrier = _work
    cycle = prepare(number)
    cycle()  # connects, and loads what is loaded once
    barrier.wait(SECONDS_TO_GET_READY)
    cycles, cpu, start = 0, time.process_time(), time.perf_counter()
    passed = 0.0
    while passed < seconds and cycle():  # at least once, however late this process had its turn
        cycles += 1
        passed = time.perf_counter() - start
    return {"cycles": cycles, "seconds": passed, "cpu": time.process_time() - cpu}


def tell(found: Any) -> None:
    """The answer of a module that is run for the harness."""
    print(json.dumps(found))
