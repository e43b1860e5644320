"""What the site says of its own health, while its parts are really stopped (FEATURES J17)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.db import connection

from tests.faults.conftest import Broker, Processes, database_url
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "guildhall of a test"
SECONDS = 60


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def ask(processes: Processes, broker: Broker) -> Callable[[str], httpx2.Response]:
    """A whole site, once it is ready; asks one of its probes."""
    joint = "&" if "?" in database_url() else "?"
    url = f"{database_url()}{joint}application_name={NAME.replace(' ', '%20')}"
    processes.environment |= {"REDIS_URL": broker.url, "ALIVE_SECONDS": "6", "DATABASE_URL": url}
    processes.start("web", "worker", "webhooks", "beat")

    def ask(probe: str) -> httpx2.Response:
        return httpx2.get(f"{processes.url}/v1/health{probe}", timeout=30)

    def is_ready() -> bool:
        try:
            return ask("/ready").status_code == 200
        except httpx2.TransportError:
            return False

    wait_for(is_ready, "the site to be ready", SECONDS)
    return ask


def down(response: httpx2.Response) -> Any:
    """What a probe says is down; fails unless it is a problem that says so in words too."""
    if response.status_code == 200:
        return []
    assert response.status_code == 503
    assert response.headers["Content-Type"] == "application/problem+json"
    document = response.json()
    assert document["code"] == "UNHEALTHY"
    assert all(part in document["detail"] for part in document["down"])
    return document["down"]


def test_programs_that_die_are_named_and_requests_are_served(ask, processes):
    for program in ("beat", "webhooks", "worker"):
        processes.kill(program)
        wait_for(lambda program=program: down(ask("/ready")) == [program], f"{program} to be missed", SECONDS)
        assert ask("/live").status_code == 200
        health = ask("")
        assert (health.status_code, health.json()["data"]["status"]) == (200, "degraded")
        assert health.json()["data"][program] == "down"
        processes.start(program)
        wait_for(lambda: ask("/ready").status_code == 200, f"{program} to be back", SECONDS)
    assert ask("").json()["data"]["status"] == "ok"


def test_a_broker_that_dies_is_named_and_comes_back(ask, broker, processes):
    broker.kill()
    assert down(ask("/ready")) == ["cache", "broker"]
    assert down(ask("")) == ["cache", "broker"]
    assert ask("/live").status_code == 200
    broker.start()

    def is_back() -> bool:
        processes.start(*processes.kill_the_dead())  # as their supervisor does with those that ended for want of it
        return ask("/ready").status_code == 200

    wait_for(is_back, "everybody to be back", SECONDS)


def test_a_database_that_goes_away_is_named_and_comes_back(ask):
    database = connection.ops.quote_name(connection.settings_dict["NAME"])
    # From another database: nobody can close the one they are in.
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {database} WITH ALLOW_CONNECTIONS false")
        try:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s", [NAME])
            assert "database" in down(ask("/ready"))
            assert down(ask("")) == ["database"]
            assert ask("/live").status_code == 200
        finally:
            cursor.execute(f"ALTER DATABASE {database} WITH ALLOW_CONNECTIONS true")
    wait_for(lambda: ask("/ready").status_code == 200, "everybody to be back", SECONDS)
