"""The limit: pgbench calling one function a transfer that writes the rows that ours writes, and does nothing else.

Once on the barest tables that hold those rows, and once on the product's own, which keep themselves sound.
"""

import re
from pathlib import Path

from bench.rounds import Figures
from bench.servers import CannotMeasure, Server, cpu_of_children, pgbench, run

DATABASE, TABLES = "bench_limit", "bench_limit_tables"
# More than pgbench uses up in a second with one client and with eight together.
JOBS_A_SECOND = 4_000
HERE = Path(__file__).parent


def prepare(server: Server, people: int) -> None:
    server.make(DATABASE)
    schema = (HERE / "limit_schema.sql").read_text().replace(":people", str(people))
    with server.connect(DATABASE) as connection:
        connection.execute(schema)
        connection.execute("VACUUM ANALYZE")


def prepare_tables(server: Server, rounds: int, seconds: float) -> None:
    """In a copy of the product's database, with jobs whose price is not yet held, enough for all rounds."""
    jobs = JOBS_A_SECOND * rounds * max(1, round(seconds))
    server.python("bench.ours", "jobs", "--count", jobs, database=TABLES)
    with server.connect(TABLES) as connection:
        connection.execute((HERE / "limit_tables.sql").read_text())
        connection.execute("VACUUM ANALYZE")


def sample(server: Server, people: int, clients: int, seconds: float, *, database: str = DATABASE) -> Figures:
    """Transfers a second, and the seconds of CPU (client and server) of one."""
    cycle = {DATABASE: "limit_cycle.sql", TABLES: "limit_tables_cycle.sql"}[database]
    command = [pgbench(), "--no-vacuum", "--protocol=prepared", f"--client={clients}", f"--jobs={min(clients, 2)}"]
    command += [f"--time={max(1, round(seconds))}", f"--define=people={people}", f"--file={HERE / cycle}"]
    before = server.cpu()
    report, client = cpu_of_children(lambda: run([*command, server.database(database)]))
    cpu = server.cpu() - before
    cycles = re.search(r"transactions actually processed: (\d+)", report)
    rate = re.search(r"tps = ([\d.]+)", report)
    if not (cycles and rate):
        raise CannotMeasure(f"pgbench said something unexpected:\n{report}")
    transfers = 2 * int(cycles[1])
    return {"rate": 2 * float(rate[1]), "cpu": (client + cpu) / transfers}
