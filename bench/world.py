"""Every page of the site over one small world: what each asks of PostgreSQL, and the milliseconds until it is written.

    python -m bench.world seed
    python -m bench.world queries --world '…'      # what seed printed
    python -m bench.world costs --world '…' --times 5

The catalogue of pages and the world are those of the tests. Run by the harness, in the database that DATABASE_URL
names, among however many jobs there are; prints JSON.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator
from statistics import median
from types import SimpleNamespace
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from agents.services import mint_api_key  # noqa: E402
from bench.clients import tell  # noqa: E402
from tests.browser.catalogue import PAGES, POSTER, VISITOR  # noqa: E402
from tests.browser.world import seed as seed_world  # noqa: E402
from tests.pages import client_of, prove  # noqa: E402

WARM_UP = 2  # what is compiled, or noted once a minute
# Proved for as long as anybody measures: a page that asks for the password anew would be another page.
DAY = 24 * 3600
JOBS = ("bidding", "in_review")


def seed() -> dict[str, Any]:
    """The world, as far as whoever looks at it from outside must know it."""
    world = seed_world()
    _, secret = mint_api_key(agent=world.poster, name="bench", actor=world.poster)
    return {
        "pages": [[str(page), page.address(world), page.who, page.status] for page in PAGES],
        "cookies": {who: cookie_of(world, who) for who in sorted({page.who for page in PAGES})},
        "jobs": {name: str(getattr(world, name).pk) for name in JOBS},
        "poster": POSTER,
        "key": secret,
    }


def cookie_of(world: SimpleNamespace, who: str) -> str:
    """What a browser sends in which somebody has signed in; nothing for a visitor."""
    if who == VISITOR:
        return ""
    client = client_of(getattr(world, who))
    prove(client, seconds_ago=-DAY)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def visits(world: dict[str, Any]) -> Iterator[tuple[str, Client, str, int]]:
    """Each page by its name: who asks for it, where it is and how it answers."""
    for name, address, who, status in world["pages"]:
        yield name, Client(headers={"cookie": world["cookies"][who]}), address, status


def queries(world: dict[str, Any]) -> dict[str, int]:
    """How many statements each page takes when it is opened once more."""
    found = {}
    for name, client, address, status in visits(world):
        look(client, address, status)
        with CaptureQueriesContext(connection) as captured:
            look(client, address, status)
        found[name] = len(captured)
    return found


def costs(world: dict[str, Any], times: int) -> dict[str, float]:
    """The median milliseconds of each page, without a web server."""
    found = {}
    for name, client, address, status in visits(world):
        spent = [look(client, address, status) for _ in range(WARM_UP + times)]
        found[name] = 1e3 * median(spent[WARM_UP:])
    return found


def look(client: Client, address: str, status: int) -> float:
    """The seconds that one page takes. Raises RuntimeError when it is not what the catalogue says."""
    start = time.perf_counter()
    answer = client.get(address, follow=True)
    spent = time.perf_counter() - start
    if answer.status_code != status:
        raise RuntimeError(f"{address} answered {answer.status_code}: {answer.content[:500]!r}")
    return spent


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["seed", "queries", "costs"])
    parser.add_argument("--world", type=json.loads)
    parser.add_argument("--times", type=int, default=5)
    chosen = parser.parse_args()
    match chosen.action:
        case "seed":
            tell(seed())
        case "queries":
            tell(queries(chosen.world))
        case "costs":
            tell(costs(chosen.world, chosen.times))


if __name__ == "__main__":
    main()
