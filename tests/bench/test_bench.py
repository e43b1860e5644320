"""The harness at its smallest: every row is there and the books are sound. How fast it was is of no interest here.

All of it is one run: making and filling its databases takes longer than what is measured in them.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from marketplace import embedded

CHECKOUT = Path(__file__).resolve().parents[2]
TINY = ["--rounds=1", "--seconds=0.2", "--times=1", "--people=70", "--small=100", "--large=200"]
TINY += ["--small-jobs=200", "--large-jobs=400", "--requests=20", "--deliveries=100"]
LEDGER = [
    "limit: pgbench, one call a transfer",
    "Guildhall's services",
    "the same, relay woken",
    "the same, fees on 64 accounts",
    "the same, no fee",
    "÷ limit, 1 client",
    "÷ limit, 8 clients",
    "one account of fees ÷ 64, 8 clients",
]
PEER = ["django-hordak", "÷ django-hordak, 1 client", "÷ django-hordak, 8 clients"]
GROWTH = [
    "hold + release",
    "balance",
    "first page of the ledger",
    "balance of 30 days",
    "GET /wallet/",
    "GET /v1/agents/me/wallet",
    "GET /v1/agents/me/wallet/transactions",
]
LISTS = [
    "limit: nine members",
    "limit, all our members",
    "Guildhall, anonymous, uncached",
    "Guildhall, another page each time",
    "Guildhall, with a key and its throttle",
    "Guildhall, from the cache in the process",
    "Guildhall, 304 for If-None-Match",
    "Django REST framework, plain",
    "CPU ÷ limit, anonymous, uncached",
    "throughput ÷ limit, anonymous, uncached",
    "throughput ÷ plain Django REST framework",
    "half-way down ÷ page 1",
    "of the oldest fifty (forgotten)",
    "RSS, MB",
]
FASTAPI = ["FastAPI, SQLAlchemy's ORM", "FastAPI, asyncpg", "throughput ÷ FastAPI, asyncpg"]
SOUND = "Unbalanced accounts after all rounds: 0"


@pytest.fixture(scope="module")
def sections() -> dict[str, str]:
    """What it prints of each section, by its heading."""
    printed = bench("--only=ledger,growth,webhooks,lists,pages,job", *TINY)
    return {part.partition("\n")[0]: part for part in printed.split("### ")[1:]}


def rows(section: str) -> dict[str, list[str]]:
    """The cells of each row, by the first."""
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return {first: cells for first, *cells in lines}


def test_the_ledger_is_measured_beside_the_limit_and_a_peer(sections: dict[str, str]) -> None:
    """And the books are sound."""
    section = sections["Hold and release"]
    assert {*LEDGER, *(PEER if find_spec("hordak") else [])} <= rows(section).keys()
    assert SOUND in section


def test_it_is_told_how_costs_grow_with_the_books(sections: dict[str, str]) -> None:
    """And the books are sound."""
    section = sections["Growth"]
    assert set(GROWTH) <= rows(section).keys()
    assert SOUND in section


def test_webhooks_are_measured_beside_a_bare_sender(sections: dict[str, str]) -> None:
    wanted = {"Guildhall, through Celery", "bare sender", "deliveries ÷ bare sender", "20/s: 99th percentile ms"}
    assert wanted <= rows(sections["Webhooks"]).keys()


def test_lists_are_measured_beside_the_limit_and_what_one_would_write_instead(sections: dict[str, str]) -> None:
    wanted = {*LISTS, *(FASTAPI if find_spec("fastapi") else [])}
    assert wanted <= rows(sections["The list of open jobs"]).keys()


@pytest.mark.usefixtures("chromium")
def test_pages_are_measured_beside_the_same_data_over_the_api_and_in_chromium(sections: dict[str, str]) -> None:
    found = rows(sections["Pages"])
    for name in ("browse jobs, a visitor", "room of an open job, its poster", "room of a job in review, its poster"):
        assert len(found[name]) == 7, "page, /v1 and their ratio among few jobs and among many, and the goal"
    for name in ("the home page, a desk", "browse jobs, a telephone", "room of a job, a visitor, a desk"):
        first_paint, largest, shift, *kilobytes = map(float, (cell.replace(",", "") for cell in found[name]))
        assert 0 < first_paint <= largest and shift >= 0 and min(kilobytes) > 0
    assert found["pages whose queries grow with the jobs"][0] == "none"
    assert any(name.startswith("most queries: ") for name in found)


def test_whole_jobs_say_where_their_time_goes(sections: dict[str, str]) -> None:
    """And their money is sound."""
    section = sections["A whole job over HTTP"]
    wanted = {"8 clients", "1 client", "8 clients, profiled", "post", "bid", "accept", "start", "submit", "approve"}
    assert wanted <= rows(section).keys()
    shares = next(line for line in section.splitlines() if line.startswith("| 1 client, profiled | ") and "%" in line)
    assert 97 <= sum(int(cell.removesuffix("%")) for cell in shares.strip("| ").split(" | ")[1:]) <= 103
    assert SOUND in section


def test_refuses_a_section_that_it_does_not_know() -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        bench("--only=weather")
    assert (
        "--only knows ledger, growth, audit, fanout, webhooks, streams, lists, pages, job, not weather"
        in refused.value.stderr
    )


def bench(*arguments: str) -> str:
    """What it prints, on the servers of the tests."""
    servers = {
        "DATABASE_URL": os.environ.get("DATABASE_URL") or embedded.database_url(),
        "REDIS_URL": os.environ["REDIS_URL"],
    }
    command = [sys.executable, "-m", "bench", *arguments]
    environment = {**os.environ, **servers}
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout
