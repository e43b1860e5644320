"""Messages that kill whoever takes them, messages that come twice, and workers that take none (SURVIVE C4, C5)."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
import redis
from celery import current_app
from django.conf import settings

from marketplace.supervisor import Program
from marketplace.workers import MOST_RUNS, STALE
from tests.faults import poison
from tests.faults.conftest import Processes
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

COMMAND = [sys.executable, "-m", "celery", "--app", "marketplace", "--quiet", "worker", "--concurrency", "1"]


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    with redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        yield client
        client.flushdb()


def start_worker(processes: Processes, **environment: str) -> subprocess.Popen[bytes]:
    processes.environment |= environment
    command = [*COMMAND, "--include", "tests.faults.poison", "--loglevel", "WARNING"]
    return processes.run(Program("worker", command))


def test_a_message_that_kills_its_worker_is_put_aside_and_the_queue_goes_on(processes, broker):
    """C4: three tries."""
    start_worker(processes)
    current_app.send_task(poison.die.name)
    wait_for(lambda: broker.get(poison.TAKEN) == str(MOST_RUNS).encode(), "the tries", 60)
    current_app.send_task(poison.live.name)
    wait_for(lambda: broker.get("alive"), "the queue to go on", 60)
    wait_for(lambda: broker.llen("celery") == broker.hlen("unacked") == 0, "nothing to be left")
    assert broker.get(poison.TAKEN) == str(MOST_RUNS).encode()


def test_a_worker_that_takes_nothing_ends_itself_for_another(processes, broker):
    """C5: it is connected, messages wait, and it consumes none of them."""
    worker = start_worker(processes, WORKER_STALE_SECONDS="2")
    wait_for(lambda: current_app.control.ping(timeout=1), "the worker to come up", 60)
    current_app.control.cancel_consumer("celery")
    wait_for(lambda: not consumed(), "the worker to consume nothing")
    current_app.send_task(poison.live.name)
    assert worker.wait(30) == STALE
    start_worker(processes, WORKER_STALE_SECONDS="60")
    wait_for(lambda: broker.get("alive"), "the next one to do it", 60)


def consumed() -> list[object]:
    """The queues that workers consume."""
    answers = current_app.control.inspect(timeout=1).active_queues() or {}
    return [queue for queues in answers.values() for queue in queues]
