"""`make bench`: measures Guildhall beside the limit and beside its peers, and prints what bench/README.md explains.

python -m bench [--only ledger,growth,audit] [--rounds 5] [--seconds 3] [--save]
"""

import argparse
import json
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import manage
from bench import browsing, job, limit, lists
from bench.rounds import Figures, Rounds, Variants, significant, table
from bench.servers import CannotMeasure, Server, free_port, pgbench, running
from marketplace import embedded

RESULTS = Path(__file__).parent / "results.md"
SCHEMA, OURS, SPREAD, HORDAK = "bench_schema", "bench_ours", "bench_spread", "bench_hordak"
CROWD = "bench_crowd"
HOOKS = "bench_webhooks"
STREAMS = "bench_streams"
WHOLE_JOBS = "bench_whole_jobs"
SECTIONS = ("ledger", "growth", "audit", "fanout", "webhooks", "streams", "lists", "pages", "job")
MANY = 8

LIMIT, TABLES = "limit: pgbench, one call a transfer", "limit on the product's own tables"
MINE, PEER = "Guildhall's services", "django-hordak"
WOKEN, NO_FEE, FEES_SPREAD = "the same, relay woken", "the same, no fee", "the same, fees on 64 accounts"


def main() -> None:
    manage.leave_on_signals()
    try:
        with running() as server:
            parts = []
            for part in measure(server, options()):
                # At once: what was measured is not lost when a later section cannot be.
                print(part, flush=True)
                parts.append(part)
    except (CannotMeasure, embedded.ServicesUnavailable) as error:
        sys.exit(f"bench: {error}")
    if options().save:
        RESULTS.write_text("\n".join(parts))


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Speed as ratios in one run; see bench/README.md.")
    parser.add_argument("--only", default=",".join(SECTIONS), help=f"some of {','.join(SECTIONS)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of each variant in each round")
    parser.add_argument("--people", type=int, default=2000, help="who pay, and as many who are paid")
    parser.add_argument("--times", type=int, default=50, help="each action in each round of growth")
    parser.add_argument("--small", type=int, default=10_000, help="entries of the small books")
    parser.add_argument("--large", type=int, default=1_000_000, help="entries of the large books")
    parser.add_argument("--deliveries", type=int, default=4000, help="of webhooks, of each variant in each round")
    parser.add_argument("--streams", type=int, default=1000, help="open at once")
    parser.add_argument("--small-jobs", type=int, default=200_000, help="jobs of the small lists")
    parser.add_argument("--large-jobs", type=int, default=1_000_000, help="jobs of the large lists")
    parser.add_argument("--requests", type=int, default=10_000, help="until the memory of a web worker is read")
    parser.add_argument("--save", action="store_true", help=f"write {RESULTS.name} too")
    parser.add_argument("--keep", action="store_true", help="leave the databases for a look")
    chosen = parser.parse_args()
    if unknown := set(chosen.only.split(",")) - set(SECTIONS):
        parser.error(f"--only knows {', '.join(SECTIONS)}, not {', '.join(unknown)}")
    return chosen


def measure(server: Server, chosen: argparse.Namespace) -> Iterator[str]:
    """The report, section after section."""
    sections = chosen.only.split(",")
    sizes = {f"bench_{entries}": entries for entries in (chosen.small, chosen.large)}
    list_sizes = {f"bench_jobs_{jobs}": jobs for jobs in (chosen.small_jobs, chosen.large_jobs)}
    pgbench()
    say("Making the tables …")
    server.make(SCHEMA)
    server.python("bench.ours", "prepare", "--people", chosen.people, database=SCHEMA)
    yield heading(server)
    try:
        if "ledger" in sections:
            yield ledger(server, chosen.people, chosen.rounds, chosen.seconds)
        if {"growth", "audit"} & set(sections):
            for database, entries in sizes.items():
                say(f"Filling books with {entries:,} entries …")
                server.make(database, like=SCHEMA)
                server.python("bench.growth", "fill", "--entries", entries, database=database)
        if "growth" in sections:
            yield growth(server, chosen.rounds, chosen.times, sizes)
        if "audit" in sections:
            yield audit(server, sizes)
        if "fanout" in sections:
            yield fan_out(server, chosen.rounds)
        if "webhooks" in sections:
            yield webhooks(server, chosen.rounds, chosen.deliveries)
        if "streams" in sections:
            yield streams(server, chosen.rounds, chosen.streams, chosen.times)
        if {"lists", "pages"} & set(sections):
            for database, jobs in list_sizes.items():
                say(f"Filling lists with {jobs:,} jobs …")
                server.make(database, like=SCHEMA)
                server.python("bench.pages", "fill", "--jobs", jobs, database=database)
        if "lists" in sections:
            yield lists_of_jobs(server, list_sizes, chosen)
        if "pages" in sections:
            yield pages_of_the_site(server, list_sizes, chosen)
        if "job" in sections:
            say("Preparing those who post and bid …")
            server.make(WHOLE_JOBS, like=SCHEMA)
            yield job.report(server, WHOLE_JOBS, rounds=chosen.rounds, seconds=chosen.seconds)
            yield proof(server, [WHOLE_JOBS])
    finally:
        if not chosen.keep:
            made = (SCHEMA, OURS, SPREAD, HORDAK, limit.DATABASE, limit.TABLES, CROWD, HOOKS, STREAMS, WHOLE_JOBS)
            for name in (*made, *sizes, *list_sizes):
                server.drop(name)


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def heading(server: Server) -> str:
    with server.connect() as connection:
        row = connection.execute(
            "SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')"
        ).fetchone()
    assert row
    version, fsync, commit = row
    return (
        f"{datetime.now(UTC):%Y-%m-%d}: PostgreSQL {version} (fsync {fsync}, synchronous_commit {commit}), "
        f"Python {platform.python_version()}.\n"
    )


# Hold and release


def ledger(server: Server, people: int, rounds: int, seconds: float) -> str:
    say("Preparing the ledgers …")
    limit.prepare(server, people)
    server.make(OURS, like=SCHEMA)
    server.make(SPREAD, like=SCHEMA)
    server.make(limit.TABLES, like=SCHEMA)
    limit.prepare_tables(server, rounds, seconds)
    if has_peer():
        server.make(HORDAK)
        server.python("bench.hordak_peer", "prepare", "--people", people, database=HORDAK)
    else:
        say("django-hordak is not installed and left out: pip install -r requirements-bench.txt")
    few = Rounds("1 client", variants(server, people, 1, seconds), rounds)
    many = Rounds(f"{MANY} clients", variants(server, people, MANY, seconds), rounds)
    return "\n".join(
        ["### Hold and release\n", ledger_table(few, many), goals(few, many), proof(server, [OURS, SPREAD])]
    )


def has_peer() -> bool:
    """`make bench` installs it; the environment for development has none, since it comes as source alone."""
    return find_spec("hordak") is not None


def variants(server: Server, people: int, clients: int, seconds: float) -> Variants:
    def ours(*more: str, database: str = OURS) -> Figures:
        return transfers(server, "bench.ours", database, clients, seconds, *more)

    all_of_them: dict[str, Callable[[], Figures]] = {
        LIMIT: partial(limit.sample, server, people, clients, seconds),
        TABLES: partial(limit.sample, server, people, clients, seconds, database=limit.TABLES),
        MINE: partial(ours, "--quiet"),
        WOKEN: ours,
    }
    if has_peer():
        all_of_them[PEER] = partial(transfers, server, "bench.hordak_peer", HORDAK, clients, seconds)
    if clients > 1:
        all_of_them[FEES_SPREAD] = partial(ours, "--quiet", "--fees=spread", database=SPREAD)
        all_of_them[NO_FEE] = partial(ours, "--quiet", "--fees=none")
    return all_of_them


def transfers(server: Server, module: str, database: str, clients: int, seconds: float, *more: str) -> Figures:
    """Two transfers a cycle."""
    words = ["cycles", "--clients", clients, "--seconds", seconds, *more]
    cycle = json.loads(server.python(module, *words, database=database))
    return {"rate": 2 * cycle["rate"], "cpu": cycle["cpu"] / 2}


def ledger_table(few: Rounds, many: Rounds) -> str:
    headings = ["variant"]
    for clients in ("1 client", f"{MANY} clients"):
        headings += [f"{clients}: transfers/s", "÷ limit", "CPU ms a transfer", "÷ limit"]
    return table(headings, [[name, *cells(few, name), *cells(many, name)] for name in many.figures])


def cells(rounds: Rounds, name: str) -> list[str]:
    if name not in rounds.figures:
        return ["", "", "", ""]
    milliseconds = significant(1e3 * rounds.median(name, "cpu"))
    return [
        significant(rounds.median(name, "rate")),
        rounds.ratio(name, LIMIT, "rate"),
        milliseconds,
        rounds.ratio(name, LIMIT, "cpu"),
    ]


def goals(few: Rounds, many: Rounds) -> str:
    rows = [
        ["÷ limit, 1 client", few.ratio(MINE, LIMIT, "rate"), "≥ 0.5"],
        [f"÷ limit, {MANY} clients", many.ratio(MINE, LIMIT, "rate"), "≥ 0.45"],
        ["÷ limit on its own tables, 1 client", few.ratio(MINE, TABLES, "rate"), "≥ 0.5"],
        [f"÷ limit on its own tables, {MANY} clients", many.ratio(MINE, TABLES, "rate"), "≥ 0.45"],
        [f"one account of fees ÷ 64, {MANY} clients", many.ratio(MINE, FEES_SPREAD, "rate"), "≥ 0.85"],
    ]
    if has_peer():
        rows += [
            ["÷ django-hordak, 1 client", few.ratio(MINE, PEER, "rate"), "≥ 5"],
            [f"÷ django-hordak, {MANY} clients", many.ratio(MINE, PEER, "rate"), "≥ 5"],
        ]
    return table(["Guildhall's services", "median (range)", "goal"], rows)


UNBALANCED = """
    SELECT count(*) FROM wallets_account account WHERE balance IS NOT NULL AND balance <>
    coalesce((SELECT sum(amount) FROM wallets_entry WHERE account_id = account.id), 0)
"""


def proof(server: Server, databases: Sequence[str]) -> str:
    """Raises CannotMeasure when a run has left books that are not sound: then no figure means anything."""
    entries = 0
    for database in databases:
        with server.connect(database) as connection:
            [unbalanced] = connection.execute(UNBALANCED).fetchone() or [0]
            count, total = connection.execute("SELECT count(*), sum(amount) FROM wallets_entry").fetchone() or (0, 0)
        if unbalanced or total:
            raise CannotMeasure(f"the books of {database} are not sound: {unbalanced} unbalanced, sum {total}")
        entries += count
    return f"Unbalanced accounts after all rounds: 0, of {entries:,} entries, which sum to 0.\n"


# Growth


def growth(server: Server, rounds: int, times: int, sizes: dict[str, int]) -> str:
    def costs(database: str) -> Figures:
        found: Figures = json.loads(server.python("bench.growth", "costs", "--times", times, database=database))
        return found

    measured = Rounds("growth", {name: partial(costs, name) for name in sizes}, rounds)
    small, large = sizes
    rows = [
        [
            action,
            significant(measured.median(small, action)),
            significant(measured.median(large, action)),
            measured.ratio(large, small, action),
            "≤ 1.3",
        ]
        for action in measured.figures[small][0]
    ]
    headings = ["milliseconds", *(f"{entries:,} entries" for entries in sizes.values()), "ratio", "goal"]
    return "\n".join(["### Growth\n", table(headings, rows), proof(server, list(sizes))])


def audit(server: Server, sizes: dict[str, int]) -> str:
    rows = []
    for database, entries in sizes.items():
        found = json.loads(server.python("bench.growth", "audit", database=database))
        rows.append([f"{entries:,}", *map(significant, found.values())])
    headings = ["entries", "manage.py audit, seconds", "its memory, MB", "GET /v1/audit, ms"]
    return "\n".join(["### Audit\n", table(headings, rows)])


# Fan-out


def fan_out(server: Server, rounds: int, agents: int = 10_000) -> str:
    """One new job that fits ten thousand agents."""
    say(f"Telling {agents:,} agents …")
    server.make(CROWD, like=SCHEMA)
    server.python("bench.fanout", "prepare", "--agents", agents, database=CROWD)

    def asked(*words: str) -> Figures:
        found: Figures = json.loads(server.python("bench.fanout", *words, database=CROWD))
        return found

    written = Rounds("fan-out", {name: partial(asked, name) for name in ("relay", "copy", "insert")}, rounds)
    publications = {
        "crowd": partial(asked, "publish"),
        "nobody": partial(asked, "publish", "--category", "nobody"),
    }
    published = Rounds("publish", publications, rounds)
    names = {"relay": "Guildhall's relay", "copy": "bare COPY", "insert": "bare INSERT of many rows"}
    rows = [[names[name], significant(written.median(name, "rate"))] for name in names]
    goals = [
        ["÷ bare COPY", written.ratio("relay", "copy", "rate"), "≥ 0.5"],
        ["÷ bare INSERT of many rows", written.ratio("relay", "insert", "rate"), "≥ 0.5"],
        [
            "publishing a job that fits all ÷ one that fits none",
            published.ratio("crowd", "nobody", "seconds"),
            "≤ 1.15",
        ],
    ]
    return "\n".join(
        [
            f"### One event to {agents:,} agents\n",
            table(["rows of the inbox", "rows/s"], rows),
            table(["Guildhall's relay", "median (range)", "goal"], goals),
        ]
    )


# Webhooks


def webhooks(server: Server, rounds: int, count: int) -> str:
    """As many as possible, and twenty a second; the bare sender is `bench.webhooks`' own."""
    say("Preparing the endpoints …")
    port = free_port()
    server.make(HOOKS, like=SCHEMA)
    server.python("bench.webhooks", "prepare", "--port", port, database=HOOKS)

    def asked(*words: object) -> Figures:
        found: Figures = json.loads(server.python("bench.webhooks", *words, "--port", port, database=HOOKS))
        return found

    names = {"ours": "Guildhall, through Celery", "bare": "bare sender"}
    sent = Rounds("webhooks", {name: partial(asked, name, "--count", count) for name in names}, rounds)
    at_ease = ["--rate", 20, "--count", max(20, count // 40)]
    late = Rounds("webhooks, 20 a second", {name: partial(asked, name, *at_ease) for name in names}, rounds)
    rows = [
        [
            label,
            significant(sent.median(name, "rate")),
            *(significant(1e3 * sent.median(name, figure)) for figure in ("cpu", "database_cpu")),
            *(significant(1e3 * late.median(name, figure)) for figure in ("median", "p99")),
        ]
        for name, label in names.items()
    ]
    headings = [
        "variant",
        "deliveries/s",
        "CPU ms of one",
        "PostgreSQL's",
        "20/s: median ms to arrive",
        "99th percentile",
    ]
    goals = [
        ["deliveries ÷ bare sender", sent.ratio("ours", "bare", "rate"), "≥ 0.5"],
        ["CPU ÷ bare sender", sent.ratio("ours", "bare", "cpu"), "≤ 2.5"],
        ["20/s: median ms", significant(1e3 * late.median("ours", "median")), "< 150"],
        ["20/s: 99th percentile ms", significant(1e3 * late.median("ours", "p99")), "< 1,000"],
    ]
    return "\n".join(["### Webhooks\n", table(headings, rows), table(["Guildhall", "median (range)", "goal"], goals)])


# Streams


def streams(server: Server, rounds: int, count: int, times: int) -> str:
    """So many open streams on one process, and events that are for all of them."""
    say(f"Opening {count:,} streams …")
    server.make(STREAMS, like=SCHEMA)

    def asked() -> Figures:
        words = ["--streams", count, "--times", times, "--port", free_port()]
        found: Figures = json.loads(server.python("bench.streams", *words, database=STREAMS))
        return found

    found = Rounds("streams", {"ours": asked}, rounds)
    memory = {name: found.median("ours", name) / 2**20 for name in ("empty", "open", "most")}
    rows = [
        ["memory without streams, MB", significant(memory["empty"]), ""],
        [f"with {count:,} streams open, MB", significant(memory["open"]), "< 300"],
        [f"after {times} events for all of them, MB", significant(memory["most"]), "< 300"],
        ["an event's way from the relay to a stream, median ms", significant(1e3 * found.median("ours", "median")), ""],
        ["99th percentile, ms", significant(1e3 * found.median("ours", "p99")), "< 1,000"],
        ["to the last of all, median ms", significant(1e3 * found.median("ours", "all")), ""],
        ["CPU of the process for one event on one stream, ms", significant(1e3 * found.median("ours", "cpu")), ""],
    ]
    return "\n".join([f"### {count:,} streams on one process\n", table(["streams", "median", "goal"], rows)])


# Lists


def lists_of_jobs(server: Server, sizes: dict[str, int], chosen: argparse.Namespace) -> str:
    if not find_spec("fastapi"):
        say("FastAPI is not installed and left out: pip install -r requirements-bench.txt")
    return lists.report(
        server,
        sizes,
        rounds=chosen.rounds,
        seconds=chosen.seconds,
        times=4 * chosen.times,
        requests=chosen.requests,
    )


# Pages


def pages_of_the_site(server: Server, sizes: dict[str, int], chosen: argparse.Namespace) -> str:
    if lacking := browsing.missing():
        say(f"Left out, for want of {lacking}.")
        return f"### Pages\n\nNot measured, for want of {lacking}.\n"
    say("Furnishing the pages …")
    times = max(1, chosen.times // 10)
    return browsing.report(server, sizes, rounds=chosen.rounds, seconds=chosen.seconds, times=times)


if __name__ == "__main__":
    main()
