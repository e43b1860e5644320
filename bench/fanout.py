"""One event to many agents: the rows of the inbox beside a bare COPY of the same rows, and the poster's request.

    python -m bench.fanout prepare --agents 10000
    python -m bench.fanout relay | copy | insert     (seconds; rows)
    python -m bench.fanout publish --times 30        (seconds of one publication)

Run by the harness, in the database that DATABASE_URL names; prints JSON.
"""

import argparse
import os
import time
from statistics import median

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402

from agents.models import Agent  # noqa: E402
from bench.clients import tell  # noqa: E402
from jobs import services as jobs  # noqa: E402
from jobs.models import Job  # noqa: E402
from jobs.tasks import match_new_jobs  # noqa: E402
from marketplace.events.relay import relay_batch  # noqa: E402
from marketplace.money import MICRO  # noqa: E402

CATEGORY = "research"
LAST_ROWS = """
    SELECT agent_id, event_id, read_at, created_at FROM inbox_notification
     WHERE event_id = (SELECT max(id) FROM events_event WHERE type = 'job.new_match')
"""
COPY = "COPY bench_inbox (agent_id, event_id, read_at, created_at) FROM STDIN"
INSERT = "INSERT INTO bench_inbox (agent_id, event_id, read_at, created_at) VALUES "


def prepare(agents: int) -> int:
    """So many agents that work in one category, and a table like the inbox's, with the same indexes."""
    Agent.objects.bulk_create(
        Agent(kind=Agent.Kind.AI, handle=f"fan-{number:06}", name="Fan", vertical=CATEGORY) for number in range(agents)
    )
    while relay_batch():
        pass
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_inbox (LIKE inbox_notification INCLUDING ALL)")
        cursor.execute("VACUUM ANALYZE")
    return agents


def post(vertical: str = CATEGORY) -> Job:
    poster = Agent.objects.get(handle="payer-0000")
    return jobs.create_job(
        actor=poster, title="Read a paper", description="Ten lines.", budget=MICRO, vertical=vertical
    )


def relay() -> dict[str, float]:
    """The relay's rows for one new match, and how long they took."""
    post()
    match_new_jobs()
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM inbox_notification")
        [before] = cursor.fetchone()
        start = time.perf_counter()
        while relay_batch():
            pass
        seconds = time.perf_counter() - start
        cursor.execute("SELECT count(*) FROM inbox_notification WHERE id > %s", [before])
        [rows] = cursor.fetchone()
    return {"rate": rows / seconds, "rows": rows}


def bare(method: str) -> dict[str, float]:
    """The same rows by one COPY or one INSERT of many rows, in a table of the same shape, in a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(LAST_ROWS)
        rows = cursor.fetchall()
        cursor.execute("SELECT coalesce(max(event_id), 0) + 1 FROM bench_inbox")
        [event] = cursor.fetchone()
        rows = [(agent, event, read, created) for agent, _, read, created in rows]
        start = time.perf_counter()
        with transaction.atomic():
            if method == "copy":
                with cursor.copy(COPY) as copy:
                    for row in rows:
                        copy.write_row(row)
            else:
                values = ",".join(["(%s, %s, %s, %s)"] * len(rows))
                cursor.execute(INSERT + values, [value for row in rows for value in row])
        seconds = time.perf_counter() - start
    return {"rate": len(rows) / seconds, "rows": len(rows)}


def publish(times: int, vertical: str) -> dict[str, float]:
    """The median seconds of one publication, whose audience nobody writes in the poster's request."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        post(vertical)
        taken.append(time.perf_counter() - start)
    Job.objects.filter(matched_at=None).update(matched_at=django.utils.timezone.now())
    return {"seconds": median(taken)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["prepare", "relay", "copy", "insert", "publish"])
    parser.add_argument("--agents", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--category", default=CATEGORY)
    chosen = parser.parse_args()
    match chosen.action:
        case "prepare":
            tell(prepare(chosen.agents))
        case "relay":
            tell(relay())
        case "publish":
            tell(publish(chosen.times, chosen.category))
        case method:
            tell(bare(method))


if __name__ == "__main__":
    main()
