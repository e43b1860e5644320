"""The section `job`: whole jobs over HTTP on the site as `make serve` runs it, and where their time goes."""

import json
from contextlib import ExitStack
from functools import partial

from bench.rounds import Figures, Rounds, significant, table
from bench.servers import Server
from bench.sites import Site, guildhall, program, site_program

CLIENTS = 8
WEB_WORKERS = 2
# Bids are free here: what they cost is another table's figure.
PLENTY = {"BID_CREDITS_MONTHLY": "1000000000"}
STEPS = {"post": 1, "bid": 5, "accept": 1, "start": 1, "submit": 1, "approve": 1}
PARTS = {
    "statements": "SQL: statements",
    "commits": "SQL: commits",
    "python": "Python",
    "waiting": "waiting, inside",
    "outside": "waiting, outside",
}
MANY, MANY_PROFILED = f"{CLIENTS} clients", f"{CLIENTS} clients, profiled"
ONE, ONE_PROFILED = "1 client", "1 client, profiled"


def report(server: Server, database: str, *, rounds: int, seconds: float) -> str:
    """Throughput of the site as it is, and the profile of the same site while it measures itself."""
    server.python("bench.whole_jobs", "prepare", "--clients", CLIENTS, database=database)
    with ExitStack() as running:
        worker = site_program("worker")
        background = running.enter_context(program(server, database, worker.command, **worker.environment, **PLENTY))
        start = partial(guildhall, server, database, workers=WEB_WORKERS, **PLENTY)
        plain = running.enter_context(start())
        profiled = running.enter_context(start(application="bench.profiled:application"))

        def asked(site: Site, clients: int) -> Figures:
            words = ["--clients", clients, "--seconds", seconds, "--port", site.port, "--web", site.pid]
            words += ["--worker", background.pid, *server.processes()]
            found: Figures = json.loads(server.python("bench.whole_jobs", "run", *words, database=database))
            return found

        variants = {
            MANY: partial(asked, plain, CLIENTS),
            ONE: partial(asked, plain, 1),
            MANY_PROFILED: partial(asked, profiled, CLIENTS),
            ONE_PROFILED: partial(asked, profiled, 1),
        }
        measured = Rounds("whole jobs", variants, rounds)
    return "\n".join(
        [
            f"### A whole job over HTTP\n\nPost, 5 bids, accept, start, submit, approve; {WEB_WORKERS} web workers.\n",
            throughput_table(measured),
            shares(measured),
            steps(measured),
        ]
    )


def throughput_table(measured: Rounds) -> str:
    programs = ("web", "worker", "database", "valkey")
    headings = ["variant", "jobs/s", "ms a job", *(f"CPU ms a job: {name}" for name in programs)]
    rows = [
        [
            name,
            significant(measured.median(name, "rate")),
            *(significant(1e3 * measured.median(name, figure)) for figure in ("seconds", *of_programs(programs))),
        ]
        for name in measured.figures
    ]
    return table(headings, rows)


def of_programs(programs: tuple[str, ...]) -> list[str]:
    return [f"{name}_cpu" for name in programs]


def shares(measured: Rounds) -> str:
    """Of the time that the clients waited for their answers."""
    rows = []
    for name in (MANY_PROFILED, ONE_PROFILED):
        spent = [sum(n * measured.median(name, f"{step}.{part}") for step, n in STEPS.items()) for part in PARTS]
        whole = sum(spent)
        rows.append([name, *(f"{part / whole:.0%}" for part in spent)])
    return table(["share of a job's time", *PARTS.values()], rows)


def steps(measured: Rounds) -> str:
    rows = [
        [
            step,
            str(times),
            *(significant(1e3 * measured.median(ONE_PROFILED, f"{step}.{part}")) for part in ("seconds", *PARTS)),
            significant(1e3 * measured.median(MANY_PROFILED, f"{step}.seconds")),
        ]
        for step, times in STEPS.items()
    ]
    headings = ["ms of one request, 1 client", "times", "all", *PARTS.values(), f"all, with {CLIENTS} clients"]
    return table(headings, rows)
