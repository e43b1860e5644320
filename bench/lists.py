"""The section `lists`: the public list of jobs over HTTP beside the limit and what one would write instead."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.util import find_spec

from bench.rounds import Figures, Rounds, Variants, significant, table
from bench.servers import CannotMeasure, Server, free_port
from bench.sites import HOST, Site, guildhall, serving
from marketplace.supervisor import WEB_THREADS

CONNECTIONS = 16
# What the limit is fastest with.
LIMIT_THREADS = 2
# So many that what a process remembers of jobs (jobs.shown) is forgotten before the first is asked for again.
PAGES = 400
# As by default, whatever the environment says.
CACHE_SECONDS = "1"
OPEN_JOBS = "/v1/jobs?status=OPEN"
KEY_HEADER = "X-Api-Key"

LIMIT, SAME = "limit: nine members", "limit, all our members"
OURS, KEYED = "Guildhall, anonymous, uncached", "Guildhall, with a key and its throttle"
OTHERS = "Guildhall, another page each time"
CACHED, UNCHANGED = "Guildhall, from the cache in the process", "Guildhall, 304 for If-None-Match"
DRF, ORM, ASYNCPG = "Django REST framework, plain", "FastAPI, SQLAlchemy's ORM", "FastAPI, asyncpg"
ORDER = (LIMIT, SAME, OURS, OTHERS, KEYED, CACHED, UNCHANGED, DRF, ORM, ASYNCPG)

PAGE_1, HALF_WAY = "page 1", "half-way down"
NO_SEARCHES = (PAGE_1, HALF_WAY)


def report(server: Server, sizes: dict[str, int], *, rounds: int, seconds: float, times: int, requests: int) -> str:
    """All tables, over databases that are filled with so many jobs; the last is the large one."""
    key: str = json.loads(server.python("bench.pages", "key", database=next(iter(sizes))))
    measured: dict[str, Rounds] = {}
    for database, jobs in sizes.items():
        with ExitStack() as running:
            variants = variants_at(server, database, key, seconds, running)
            measured[database] = Rounds(f"{jobs:,} jobs", variants, rounds)
    large = list(sizes)[-1]
    parts = [f"### The list of open jobs\n\n{CONNECTIONS} connections, one process of each web server.\n"]
    for database, jobs in sizes.items():
        parts += [f"{jobs:,} jobs:\n", throughput_table(measured[database])]
    parts += [
        goals(measured, sizes),
        pages_over_http(server, sizes, rounds, seconds),
        pages(server, sizes, rounds, times),
        memory(server, large, key, requests),
    ]
    return "\n".join(parts)


# Requests a second


def variants_at(server: Server, database: str, key: str, seconds: float, running: ExitStack) -> Variants:
    """Each variant, of servers that run as long as the stack is open."""
    start = running.enter_context
    limit = start(serving_wsgi(server, database, "bench.limit_list:application", LIMIT_THREADS))
    drf = start(serving_wsgi(server, database, "bench.drf_peer:application", WEB_THREADS))
    uncached = start(guildhall(server, database, LIST_CACHE_SECONDS="0"))
    caching = start(guildhall(server, database, LIST_CACHE_SECONDS=CACHE_SECONDS))
    lists = {
        LIMIT: (limit, "/jobs", []),
        SAME: (limit, "/same", []),
        OURS: (uncached, OPEN_JOBS, []),
        KEYED: (uncached, OPEN_JOBS, [f"{KEY_HEADER}: {key}"]),
        CACHED: (caching, OPEN_JOBS, []),
        DRF: (drf, "/jobs", []),
    }
    if find_spec("fastapi"):
        fastapi = start(serving_fastapi(server, database))
        lists |= {ORM: (fastapi, "/jobs", []), ASYNCPG: (fastapi, "/jobs-asyncpg", [])}
    require_same_jobs(lists)
    cursors = json.loads(server.python("bench.pages", "cursors", "--count", PAGES, database=database))
    etag = caching.get(OPEN_JOBS).headers["ETag"]

    def load(site: Site, *paths: str, headers: Sequence[str] = (), status: int = 200) -> Callable[[], Figures]:
        return partial(site.load, *paths, headers=headers, status=status, connections=CONNECTIONS, seconds=seconds)

    return {
        **{name: load(site, path, headers=headers) for name, (site, path, headers) in lists.items()},
        OTHERS: load(uncached, *(f"{OPEN_JOBS}&cursor={cursor}" for cursor in cursors)),
        UNCHANGED: load(caching, OPEN_JOBS, headers=[f"If-None-Match: {etag}"], status=304),
    }


@contextmanager
def serving_wsgi(server: Server, database: str, application: str, threads: int) -> Iterator[Site]:
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(port), "--no-ws"]
    command += ["--workers", "1", "--blocking-threads", str(threads), "--log-level", "warning", application]
    with serving(server, database, command, port) as site:
        yield site


@contextmanager
def serving_fastapi(server: Server, database: str) -> Iterator[Site]:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--host", HOST, "--port", str(port), "--log-level", "warning"]
    command += ["--no-access-log", "--loop", "uvloop", "--http", "httptools", "bench.fastapi_peer:app"]
    with serving(server, database, command, port) as site:
        yield site


def require_same_jobs(lists: dict[str, tuple[Site, str, list[str]]]) -> None:
    """Raises CannotMeasure when one lists other jobs than the limit: then it is another list."""
    found = {}
    for name, (site, path, headers) in lists.items():
        answer = site.get(path, **dict(header.split(": ", 1) for header in headers))
        if answer.status != 200:
            raise CannotMeasure(f"{name} answered {answer.status}: {answer.body[:500]!r}")
        listed = json.loads(answer.body)
        found[name] = [job["id"] for job in listed.get("data", listed.get("results"))]
    others = [name for name, ids in found.items() if ids != found[LIMIT]]
    if others or not found[LIMIT]:
        raise CannotMeasure(f"not the jobs that the limit lists: {', '.join(others) or 'none at all'}")


def throughput_table(measured: Rounds) -> str:
    headings = ["variant", "requests/s", "÷ limit", "CPU ms: server + PostgreSQL", "÷ limit", "Valkey's"]
    rows = []
    for name in [name for name in ORDER if name in measured.figures]:
        server, database, valkey = (
            significant(1e3 * measured.median(name, figure)) for figure in ("server_cpu", "database_cpu", "valkey_cpu")
        )
        rows.append(
            [
                name,
                significant(measured.median(name, "rate")),
                measured.ratio(name, LIMIT, "rate"),
                f"{server} + {database}",
                measured.ratio(name, LIMIT, "cpu"),
                valkey,
            ]
        )
    return table(headings, rows)


def goals(measured: dict[str, Rounds], sizes: dict[str, int]) -> str:
    wanted = [
        ("CPU ÷ limit, anonymous, uncached", OURS, LIMIT, "cpu", "≤ 2.3"),
        ("throughput ÷ limit, anonymous, uncached", OURS, LIMIT, "rate", "≥ 0.45"),
        ("CPU ÷ limit, with a key and its throttle", KEYED, LIMIT, "cpu", "≤ 5"),
        ("CPU ÷ limit, from the cache in the process", CACHED, LIMIT, "cpu", "≤ 0.9"),
        ("CPU ÷ limit, 304", UNCHANGED, LIMIT, "cpu", "≤ 0.9"),
        ("throughput ÷ plain Django REST framework", OURS, DRF, "rate", "≥ 30"),
        ("throughput ÷ FastAPI, SQLAlchemy's ORM", OURS, ORM, "rate", "> 1"),
        ("throughput ÷ FastAPI, asyncpg", OURS, ASYNCPG, "rate", "> 1"),
        ("CPU ÷ limit, another page each time", OTHERS, LIMIT, "cpu", ""),
        ("throughput ÷ limit, another page each time", OTHERS, LIMIT, "rate", ""),
        ("CPU ÷ limit with all our members", OURS, SAME, "cpu", ""),
        ("throughput ÷ limit with all our members", OURS, SAME, "rate", ""),
    ]
    there = next(iter(measured.values())).figures
    rows = [
        [label, *(of_size.ratio(name, base, figure) for of_size in measured.values()), goal]
        for label, name, base, figure, goal in wanted
        if base in there
    ]
    return table(["Guildhall", *(f"{jobs:,} jobs" for jobs in sizes.values()), "goal"], rows)


# What a page costs


def pages_over_http(server: Server, sizes: dict[str, int], rounds: int, seconds: float) -> str:
    """One client that waits for each answer, on page 1 and on the page half-way down."""
    small, large = sizes
    with ExitStack() as running:
        variants = {}
        for database in sizes:
            site = running.enter_context(guildhall(server, database, LIST_CACHE_SECONDS="0"))
            cursor = json.loads(server.python("bench.pages", "half-way", database=database))
            for page, path in ((PAGE_1, OPEN_JOBS), (HALF_WAY, f"{OPEN_JOBS}&cursor={cursor}")):
                variants[f"{database}, {page}"] = partial(site.load, path, connections=1, seconds=seconds / 2)
        measured = Rounds("pages over HTTP", variants, rounds)
    rows = [
        [
            page,
            *(significant(1e3 * measured.median(f"{database}, {page}", "median")) for database in sizes),
            measured.ratio(f"{large}, {page}", f"{small}, {page}", "median"),
            measured.ratio(f"{large}, {page}", f"{large}, {PAGE_1}", "median"),
        ]
        for page in (PAGE_1, HALF_WAY)
    ]
    return table(page_headings("over HTTP, ms", sizes), [*rows, ["goal", "", "", "≤ 1.15", "≤ 1.15"]])


def pages(server: Server, sizes: dict[str, int], rounds: int, times: int) -> str:
    """The same, and searches, without HTTP: `jobs.listing.read_page`."""

    def costs(database: str) -> Figures:
        found: Figures = json.loads(server.python("bench.pages", "costs", "--times", times, database=database))
        return found

    measured = Rounds("pages", {name: partial(costs, name) for name in sizes}, rounds)
    small, large = sizes
    rows = [
        [
            page,
            *(significant(measured.median(database, page)) for database in sizes),
            measured.ratio(large, small, page),
            measured.within(large, page, PAGE_1),
        ]
        for page in measured.figures[large][0]
    ]
    searches = [page for page in measured.figures[large][0] if page not in NO_SEARCHES]
    slowest = max(searches, key=lambda page: measured.median(large, page))
    goals = [
        ["page 1, large ÷ small", measured.ratio(large, small, PAGE_1), "≤ 1.15"],
        ["half-way down ÷ page 1", measured.within(large, HALF_WAY, PAGE_1), "≤ 1.15"],
        [f"slowest search ÷ page 1: {slowest}", measured.within(large, slowest, PAGE_1), "≤ 15"],
    ]
    return "\n".join(
        [
            table(page_headings("`jobs.listing.read_page`, ms", sizes), rows),
            table(["pages", "median (range)", "goal"], goals),
        ]
    )


def page_headings(what: str, sizes: dict[str, int]) -> Sequence[str]:
    return [what, *(f"{jobs:,} jobs" for jobs in sizes.values()), "large ÷ small", "÷ page 1"]


# Memory


def memory(server: Server, database: str, key: str, requests: int) -> str:
    """Of the worker of a fresh web program, before and after so many requests of different kinds."""
    with guildhall(server, database, LIST_CACHE_SECONDS="0") as site:
        [job, *_] = json.loads(site.get(OPEN_JOBS).body)["data"]
        paths = [OPEN_JOBS, f"{OPEN_JOBS}&limit=100", f"{OPEN_JOBS}&q=bygone", f"/v1/jobs/{job['id']}", "/jobs/"]
        headers = [f"{KEY_HEADER}: {key}"]
        site.load(*paths, headers=headers, requests=len(paths))
        before = site.memory()
        site.load(*paths, headers=headers, requests=requests, connections=CONNECTIONS, seconds=1)
        after = site.memory()
    rows = [[f"{kind}, MB", significant(before[kind]), significant(after[kind]), "< 200"] for kind in ("RSS", "PSS")]
    return table(["memory of a web worker", "after its first requests", f"after {requests:,} more", "goal"], rows)
