"""Guildhall's web application, which says in a header of each answer where its time went.

    granian --interface wsgi bench.profiled:application

`Server-Timing` has milliseconds: `statements` and `commits` by the clock until PostgreSQL's answer was read, `python`
of the processor's time that the thread used outside of these, and `total` by the clock. What is left of the total the
thread waited: for the interpreter's lock, a processor, a connection or Valkey.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from marketplace.wsgi import application as site

PARTS = ("statements", "commits")


class Spent(threading.local):
    """What the request of this thread has spent, by part; of the processor's time, what is not Python's own."""

    def __init__(self) -> None:
        self.clock = dict.fromkeys(PARTS, 0.0)
        self.processor = 0.0

    def time(self, part: str, work: Callable[[], Any]) -> Any:
        clock, processor = time.perf_counter(), time.thread_time()
        try:
            return work()
        finally:
            self.clock[part] += time.perf_counter() - clock
            self.processor += time.thread_time() - processor


spent = Spent()
ending = {name: getattr(BaseDatabaseWrapper, name) for name in ("_commit", "_rollback")}


def timed(name: str) -> Callable[[BaseDatabaseWrapper], Any]:
    return lambda wrapper: spent.time("commits", lambda: ending[name](wrapper))


# A commit is no statement to Django, and so passes by its execute_wrapper.
for name in ending:
    setattr(BaseDatabaseWrapper, name, timed(name))


def statement(execute: Callable[..., Any], *arguments: Any) -> Any:
    return spent.time("statements", lambda: execute(*arguments))


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    spent.__init__()  # type: ignore[misc]  # anew for each request
    start, processor = time.perf_counter(), time.thread_time()

    def begin(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        total = time.perf_counter() - start
        python = time.thread_time() - processor - spent.processor
        told = {**spent.clock, "python": python, "total": total}
        written = ", ".join(f"{part};dur={1e3 * seconds:.3f}" for part, seconds in told.items())
        return start_response(status, [*headers, ("Server-Timing", written)], *rest)

    with connection.execute_wrapper(statement):
        return site(environ, begin)
