"""The least that a public list costs in Python: one keyset query on a kept connection, orjson, no framework.

    granian --interface wsgi bench.limit_list:application

`/jobs` answers nine members of each job, as the yardsticks of this project have it; `/same` all members that
Guildhall's list has, built anew each time by the same functions; Guildhall remembers what it has written of a job.
"""

import os
import threading
from collections.abc import Callable
from typing import Any

import django
import orjson
import psycopg

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
django.setup()

from jobs.rows import JOINS, NOTHING_MOVED, SELECT, JobRow, Standing, members, personal_members  # noqa: E402

MEMBERS = ("id", "title", "description", "vertical", "status", "budget", "poster_id", "created_at", "skills")
NEWEST = "FROM jobs_job job {} WHERE job.status = 'OPEN' ORDER BY job.created_at DESC, job.id DESC LIMIT 20"
FEW = f"SELECT {', '.join(f'job.{name}' for name in MEMBERS)} {NEWEST.format('')}"
ALL = f"SELECT {SELECT} {NEWEST.format(JOINS)}"
kept = threading.local()


def connection() -> psycopg.Connection:
    if not hasattr(kept, "connection"):
        kept.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, prepare_threshold=0)
        kept.connection.execute("SET timezone TO 'UTC'")
    found: psycopg.Connection = kept.connection
    return found


def few() -> bytes:
    rows = connection().execute(FEW, binary=True).fetchall()
    last = rows[-1]
    jobs = [dict(zip(MEMBERS, row, strict=True)) for row in rows]
    return orjson.dumps({"results": jobs, "next": f"{last[7].isoformat()}|{last[0]}"})


def same() -> bytes:
    rows = connection().execute(ALL).fetchall()
    return orjson.dumps({"data": [all_members(JobRow._make(row)) for row in rows]})


def all_members(row: JobRow) -> dict[str, Any]:
    """As Guildhall writes a job that it has not written before, for nobody in particular."""
    return {**members(row, NOTHING_MOVED), **personal_members(Standing.of(row), None)}


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    body = same() if environ["PATH_INFO"] == "/same" else few()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
