"""What a page of jobs costs in milliseconds, among any number of jobs, and searches that are hard in different ways.

    python -m bench.pages fill --jobs 1000000
    python -m bench.pages costs --times 200
    python -m bench.pages half-way | cursors | key

Run by the harness, in the database that DATABASE_URL names; prints JSON.
"""

import argparse
import hashlib
import json
import os
import time
from pathlib import Path
from statistics import median

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from agents.models import Agent, ApiKey  # noqa: E402
from bench.clients import tell  # noqa: E402
from jobs import listing  # noqa: E402
from jobs.models import Job  # noqa: E402
from jobs.shown import forget  # noqa: E402
from jobs.terms import Terms  # noqa: E402

FILL = Path(__file__).parent / "lists_fill.sql"
KEY = ApiKey.PREFIX + "only-for-measuring"
WARM_UP = 8  # PostgreSQL plans a prepared statement anew five times before it keeps a plan
PAGE_1, HALF_WAY = "page 1", "half-way down"
HALF_WAY_PLACE = """
    SELECT created_at::text, id::text FROM jobs_job WHERE status = 'OPEN' ORDER BY created_at DESC, id DESC
    OFFSET (SELECT count(*) / 2 FROM jobs_job WHERE status = 'OPEN') LIMIT 1
"""
PLACES = """
    SELECT created_at, id FROM (
        SELECT created_at::text, id::text, row_number() OVER (ORDER BY created_at DESC, id DESC) AS number
          FROM jobs_job WHERE status = 'OPEN'
    ) job WHERE number %% 20 = 0 ORDER BY number LIMIT %s
"""


def word(number: int) -> str:
    """One of the three thousand words that lists_fill.sql writes with; the lower the number, the more often."""
    letters = hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()[:7]
    return letters.translate(str.maketrans("0123456789", "ghijklmnop"))


SEARCHES = {
    "a word of most jobs": {"q": word(0)},
    "a word of some": {"q": word(100)},
    "a word of few": {"q": word(2900)},
    "a word and an unfinished one": {"q": f"{word(1)} {word(100)[:3]}"},
    "two words of few": {"q": f"{word(2900)} {word(2700)}"},
    "a word of the oldest tenth (bygone)": {"q": "bygone"},
    "of the oldest hundredth (antiquated)": {"q": "antiquated"},
    "of the oldest fifty (forgotten)": {"q": "forgotten"},
    "the same, newest first": {"q": "forgotten", "sort": "newest"},
    "no such word": {"q": "xylophonists"},
    "a common skill (skill0)": {"skills": "skill0"},
    "a skill (skill10)": {"skills": "skill10"},
    "a rare skill (skill299)": {"skills": "skill299"},
    "a pair of skills": {"skills": "skill10,skill20"},
    "a skill of the oldest hundredth (cobol)": {"skills": "cobol"},
    "two of which one is old": {"skills": "cobol,skill10"},
    "no such skill": {"skills": "falconry"},
    "an old word and a skill": {"q": "bygone", "skills": "skill10"},
}


def fill(jobs: int) -> int:
    """Fills a database that bench.ours has made ready with so many jobs, and makes a key; how many there are."""
    agent = Agent.objects.filter(handle__startswith="worker-").order_by("handle")[0]
    ApiKey.objects.create(agent=agent, name="bench", prefix=KEY[:12], digest=ApiKey.digest_of(KEY))
    terms = json.dumps(Terms.default().dump())  # nothing in it means anything to SQL
    before, after = FILL.read_text().split("-- Outside of the transaction.\n")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(before.format(jobs=jobs, terms=f"'{terms}'"))
    with connection.cursor() as cursor:
        for statement in [*after.split(";")[:-1], "CHECKPOINT"]:
            cursor.execute(statement)
    call_command("collectstatic", verbosity=0, interactive=False)
    return Job.objects.count()


def half_way() -> str:
    """The cursor to the page in the middle of all open jobs."""
    with connection.cursor() as cursor:
        cursor.execute(HALF_WAY_PLACE)
        return listing.seal_cursor(list(cursor.fetchone()), listing.NEWEST)


def cursors(count: int) -> list[str]:
    """Those of so many pages, one after the other."""
    with connection.cursor() as cursor:
        cursor.execute(PLACES, [count])
        return [listing.seal_cursor(list(place), listing.NEWEST) for place in cursor.fetchall()]


def costs(times: int) -> dict[str, float]:
    """The median of each page, in milliseconds, all asked for in turn by one client that is warm.

    Nothing of their jobs is kept: a page would cost next to nothing whose jobs had just been shown.
    """
    pages = {PAGE_1: {}, HALF_WAY: {"cursor": half_way()}, **SEARCHES}
    spent: dict[str, list[float]] = {name: [] for name in pages}
    for number in range(times + WARM_UP):
        for name, asked in pages.items():
            forget()
            start = time.perf_counter()
            listing.read_page(listing.read({"status": "OPEN", **asked}), None)
            if number >= WARM_UP:
                spent[name].append(1e3 * (time.perf_counter() - start))
    return {name: median(milliseconds) for name, milliseconds in spent.items()}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["fill", "costs", "half-way", "cursors", "key"])
    parser.add_argument("--jobs", type=int, default=200_000)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--count", type=int, default=400, help="of cursors")
    chosen = parser.parse_args()
    match chosen.action:
        case "fill":
            tell(fill(chosen.jobs))
        case "costs":
            tell(costs(chosen.times))
        case "half-way":
            tell(half_way())
        case "cursors":
            tell(cursors(chosen.count))
        case "key":
            tell(KEY)


if __name__ == "__main__":
    main()
