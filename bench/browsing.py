"""The section `pages`: what the pages for people cost, beside the same data over /v1, and how soon they are seen."""

import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from typing import Any

from bench.lists import KEY_HEADER, OPEN_JOBS
from bench.rounds import Figures, Rounds, significant, table
from bench.servers import Server, run
from bench.sites import HOST, Site, guildhall

MOST_QUERIES = 12
# The others are as good or better, and in the goals.
SLOWEST_SHOWN = 20
BROWSE, VISITED, COMPARED, ROOM = (
    "browse jobs, a visitor",
    "room of an open job, a visitor",
    "room of an open job, its poster",
    "room of a job in review, its poster",
)
SCREENS = {"a desk": [], "a telephone": ["--telephone"]}
FIRST_LOADS = {"the home page": "/", "browse jobs": "/jobs/", "sign up": "/account/signup/"}
PAINTS = {"FCP ms": "≤ 1,800", "LCP ms": "≤ 2,500", "CLS": "≤ 0.1", "kB": "", "compressed kB": "< 100"}


def missing() -> str:
    """What the section cannot do without and is not here; empty when all is."""
    lacking = [name for name in ("pytest", "playwright") if not find_spec(name)]
    if lacking:
        return f"{' and '.join(lacking)}, which `make test` installs"
    from bench.chromium import chromium

    return "" if chromium() else "Chromium; on Debian: apt-get install chromium"


def report(server: Server, sizes: dict[str, int], *, rounds: int, seconds: float, times: int) -> str:
    """All tables, over databases that are filled with so many jobs; the last is the large one."""
    worlds = {database: json.loads(server.python("bench.world", "seed", database=database)) for database in sizes}
    with ExitStack() as running:
        start = partial(guildhall, server, LIST_CACHE_SECONDS="0")
        sites = {database: running.enter_context(start(database)) for database in sizes}
        parts = [
            "### Pages\n",
            beside_the_api(sites, worlds, sizes, rounds, seconds),
            first_loads(sites[list(sizes)[-1]], worlds[list(sizes)[-1]], rounds),
        ]
    return "\n".join([*parts, catalogue(server, worlds, sizes, rounds, times)])


# Beside the same data over /v1


def data_of(world: dict[str, Any]) -> dict[str, tuple[str, str, list[str]]]:
    """Of each page its path, who looks, and the paths under /v1 that tell what it shows."""
    bidding, in_review = (f"/jobs/{world['jobs'][name]}" for name in ("bidding", "in_review"))

    def told(job: str, *more: str) -> list[str]:
        return [f"/v1{job}", *(f"/v1{job}/{part}" for part in more)]

    return {
        BROWSE: ("/jobs/", "", [OPEN_JOBS, "/v1/job-facets?status=OPEN", "/v1/categories"]),
        VISITED: (f"{bidding}/", "", [f"/v1{bidding}/public"]),
        COMPARED: (f"{bidding}/", world["poster"], told(bidding, "bids", "events")),
        ROOM: (f"{in_review}/", world["poster"], told(in_review, "bids", "events", "submissions", "messages")),
    }


def beside_the_api(
    sites: dict[str, Site], worlds: dict[str, Any], sizes: dict[str, int], rounds: int, seconds: float
) -> str:
    variants = {}
    for database, site in sites.items():
        world = worlds[database]
        for name, (path, who, data) in data_of(world).items():
            cookie, key = [f"Cookie: {world['cookies'][who]}"], [f"{KEY_HEADER}: {world['key']}"]
            variants[f"{database}, {name}"] = partial(one_after_another, site, [path], cookie if who else [], seconds)
            variants[f"{database}, {name}, /v1"] = partial(one_after_another, site, data, key if who else [], seconds)
    measured = Rounds("pages beside /v1", variants, rounds)
    columns = [f"{jobs:,} jobs: {column}" for jobs in sizes.values() for column in ("page", "/v1", "page ÷ /v1")]
    rows = [
        [name, *(cell for database in sizes for cell in compared(measured, f"{database}, {name}")), "≤ 2"]
        for name in data_of(next(iter(worlds.values())))
    ]
    return table(["one client, ms", *columns, "goal"], rows)


def one_after_another(site: Site, paths: Sequence[str], headers: Sequence[str], seconds: float) -> Figures:
    """What one client waits for all of them together, in seconds."""
    waits = [site.load(path, headers=headers, connections=1, seconds=seconds / 2)["median"] for path in paths]
    return {"seconds": sum(waits)}


def compared(measured: Rounds, name: str) -> list[str]:
    milliseconds = [significant(1e3 * measured.median(which, "seconds")) for which in (name, f"{name}, /v1")]
    return [*milliseconds, measured.ratio(name, f"{name}, /v1", "seconds")]


# The first load


def first_loads(site: Site, world: dict[str, Any], rounds: int) -> str:
    """In Chromium, with an empty cache, among the most jobs."""
    cookie = world["cookies"][world["poster"]]
    rooms = {f"room of a job, {who or 'a visitor'}": who for who in ("", world["poster"])}
    visits = {name: (path, "") for name, path in FIRST_LOADS.items()}
    visits |= {name: (f"/jobs/{world['jobs']['bidding']}/", cookie if who else "") for name, who in rooms.items()}
    variants = {
        f"{name}, {screen}": partial(opened, site, path, cookie, words)
        for name, (path, cookie) in visits.items()
        for screen, words in SCREENS.items()
    }
    measured = Rounds("first loads", variants, rounds)
    rows = [[name, *(significant(measured.median(name, figure)) for figure in PAINTS)] for name in variants]
    return table(["first load, median", *PAINTS], [*rows, ["goal", *PAINTS.values()]])


def opened(site: Site, path: str, cookie: str, words: Sequence[str]) -> Figures:
    command = [sys.executable, "-m", "bench.chromium", "--url", f"http://{HOST}:{site.port}{path}", *words]
    found: Figures = json.loads(run([*command, *(["--cookie", cookie] if cookie else [])]))
    return found


# Each page of the site


def catalogue(server: Server, worlds: dict[str, Any], sizes: dict[str, int], rounds: int, times: int) -> str:
    def asked(database: str, *words: object) -> Figures:
        known = json.dumps(worlds[database])
        found: Figures = json.loads(server.python("bench.world", *words, "--world", known, database=database))
        return found

    small, large = sizes
    queries = {database: asked(database, "queries") for database in sizes}
    measured = Rounds("every page", {name: partial(asked, name, "costs", "--times", times) for name in sizes}, rounds)
    pages = sorted(queries[large], key=lambda page: -measured.median(large, page))
    rows = [
        [
            page,
            f"{queries[large][page]:.0f}",
            *(significant(measured.median(database, page)) for database in sizes),
            measured.ratio(large, small, page),
        ]
        for page in pages[:SLOWEST_SHOWN]
    ]
    headings = ["the slowest pages", "queries", *(f"{jobs:,} jobs, ms" for jobs in sizes.values()), "large ÷ small"]
    most = max(pages, key=lambda page: queries[large][page])
    other = [page for page in pages if queries[small][page] != queries[large][page]]
    goals = [
        [f"most queries: {most}", f"{queries[large][most]:.0f}", f"≤ {MOST_QUERIES}"],
        ["pages whose queries grow with the jobs", ", ".join(other) or "none", "none"],
        [f"slowest page, ms: {pages[0]}", significant(measured.median(large, pages[0])), "< 200"],
    ]
    return "\n".join([table(headings, rows), table([f"all {len(pages)} pages", "median", "goal"], goals)])
