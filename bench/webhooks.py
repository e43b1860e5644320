"""Deliveries: Guildhall's by Celery beside a bare sender, both to the same sink, 64 requests at once.

    python -m bench.webhooks prepare
    python -m bench.webhooks bare | ours --count 4000       (deliveries a second; CPU seconds of one)
    python -m bench.webhooks bare | ours --rate 20 --count 100     (seconds from commit to arrival)

Run by the harness, in the database that DATABASE_URL names; prints JSON.
"""

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median, quantiles
from typing import Any

import aiohttp
import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
django.setup()

from celery import current_app  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from redis import Redis  # noqa: E402

from agents.models import Agent  # noqa: E402
from agents.webhooks.models import Delivery, Endpoint  # noqa: E402
from agents.webhooks.services import create_endpoint, send_test  # noqa: E402
from bench.clients import tell  # noqa: E402
from bench.servers import CHECKOUT, POSTMASTER, TICKS, CannotMeasure, cpu_of  # noqa: E402
from marketplace.events.services import emit  # noqa: E402
from marketplace.supervisor import site_programs  # noqa: E402

CONCURRENCY = 64
ENDPOINTS = 64
SECONDS_TO_ARRIVE = 120
SECRET = base64.b64encode(b"a secret of thirty-two bytes, so")
DATA = {"title": "Summarise a report", "text": "x" * 700}
FILL = """
    WITH event AS (
        INSERT INTO events_event (uid, type, audience, data, body, relayed_at)
        SELECT gen_random_uuid(), 'webhook.test', '{}', '{}', convert_to(%s, 'UTF8'), now()
          FROM generate_series(1, %s) RETURNING id
    ), endpoint AS (
        SELECT id, row_number() OVER () - 1 AS number, count(*) OVER () AS endpoints FROM webhooks_endpoint
    )
    INSERT INTO webhooks_delivery (endpoint_id, event_id, status, attempts, last_error)
    SELECT endpoint.id, event.id, 'PENDING', 0, ''
      FROM event JOIN endpoint ON endpoint.number = event.id %% endpoint.endpoints
"""


class Sink:
    """A server of its own on the loopback that takes everything."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/hooks"

    def arrivals(self) -> dict[str, float]:
        """Webhook ids and times, of what has come since the last question."""
        with urllib.request.urlopen(self.url, timeout=10) as answer:  # noqa: S310 - our own address
            return dict(json.load(answer))

    def await_arrivals(self, count: int) -> dict[str, float]:
        """All of them. Raises CannotMeasure."""
        found: dict[str, float] = {}
        deadline = time.monotonic() + SECONDS_TO_ARRIVE
        while len(found) < count:
            if time.monotonic() > deadline:
                raise CannotMeasure(f"only {len(found)} of {count} deliveries arrived")
            time.sleep(0.02)
            found |= self.arrivals()
        return found


@contextmanager
def sinking(port: int) -> Iterator[Sink]:
    """The sink while it runs."""
    command = [sys.executable, "-m", "granian", "--interface", "rsgi", "--port", str(port), "--log-level", "warning"]
    with program([*command, "bench.sink:sink"]):
        sink = Sink(port)
        wait_until(partial(answers, sink))
        yield sink


def answers(sink: Sink) -> bool:
    try:
        sink.arrivals()
    except OSError:
        return False
    return True


def wait_until(condition: Any) -> None:
    deadline = time.monotonic() + SECONDS_TO_ARRIVE
    while not condition():
        if time.monotonic() > deadline:
            raise CannotMeasure("the programs to measure did not come up")
        time.sleep(0.05)


@contextmanager
def program(command: list[str], **environment: str) -> Iterator[int]:
    """Its process id while it runs."""
    process = subprocess.Popen(
        command, cwd=CHECKOUT, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()


@contextmanager
def worker(name: str) -> Iterator[int]:
    """One of the programs of the site, as `make serve` runs it; its process id."""
    [found] = [found for found in site_programs(host="127.0.0.1", port=1) if found.name == name]
    with program(found.command, **found.environment) as pid:
        yield pid


def prepare(port: int) -> int:
    """Endpoints of as many agents, all at the sink."""
    for agent in Agent.objects.filter(handle__startswith="worker-")[:ENDPOINTS]:
        create_endpoint(agent=agent, url=f"http://127.0.0.1:{port}/hooks", actor=agent)
    return ENDPOINTS


def ours(port: int, count: int) -> dict[str, float]:
    """So many deliveries that wait, from the message that wakes the worker to the last arrival."""
    with sinking(port) as sink, worker("webhooks") as pid:
        warm_up(sink)
        with connection.cursor() as cursor:
            cursor.execute(FILL, [json.dumps(DATA), count])
            cursor.execute("VACUUM ANALYZE webhooks_delivery")
        cpu, database, start = cpu_of_process(pid), cpu_of_database(), time.time()
        current_app.send_task("agents.webhooks.tasks.deliver_webhooks")
        arrived = sink.await_arrivals(count)
        seconds = max(arrived.values()) - start
        wait_until(lambda: not Delivery.objects.filter(status=Delivery.Status.PENDING).exists())
        cpu, database = cpu_of_process(pid) - cpu, cpu_of_database() - database
    return {"rate": count / seconds, "cpu": cpu / count, "database_cpu": database / count}


def warm_up(sink: Sink) -> None:
    """Until the worker has sent something to every endpoint."""
    Redis.from_url(settings.REDIS_URL).flushdb()
    endpoints = list(Endpoint.objects.select_related("agent"))
    for endpoint in endpoints:
        send_test(endpoint=endpoint, actor=endpoint.agent)
    sink.await_arrivals(len(endpoints))
    wait_until(lambda: not Delivery.objects.filter(status=Delivery.Status.PENDING).exists())


def our_latency(port: int, count: int, rate: float) -> dict[str, float]:
    """From the commit of an event to its arrival, through relay and worker."""
    agent = Endpoint.objects.select_related("agent").order_by("id")[0].agent
    committed: dict[str, float] = {}
    with sinking(port) as sink, worker("worker"), worker("webhooks"):
        warm_up(sink)
        for _ in ticks(count, rate):
            event = emit("webhook.test", actor=None, audience=[agent], data=about(agent))
            committed[str(event.uid)] = time.time()
        return summary(committed, sink.await_arrivals(count))


def about(agent: Agent) -> dict[str, str]:
    return {"agentId": agent.handle, "endpointId": str(agent.pk), "name": ""}


def bare(port: int, count: int) -> dict[str, float]:
    """As fast as one event loop posts signed bodies that it has in memory, and forgets them."""
    with sinking(port) as sink:
        asyncio.run(post_all(sink.url, count))
        cpu, start = time.process_time(), time.time()
        asyncio.run(post_all(sink.url, count))
        cpu = time.process_time() - cpu
        seconds = max(sink.await_arrivals(count).values()) - start
    return {"rate": count / seconds, "cpu": cpu / count, "database_cpu": 0.0}


def bare_latency(port: int, count: int, rate: float) -> dict[str, float]:
    """From the call to the arrival."""
    with sinking(port) as sink:
        begun = asyncio.run(post_in_time(sink.url, count, rate))
        return summary(begun, sink.await_arrivals(count))


async def post_all(url: str, count: int) -> None:
    numbers = iter(range(count))

    async def post_next(http: aiohttp.ClientSession) -> None:
        for number in numbers:
            await post(http, url, str(number))

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONCURRENCY)) as http:
        await asyncio.gather(*(post_next(http) for _ in range(CONCURRENCY)))


async def post_in_time(url: str, count: int, rate: float) -> dict[str, float]:
    begun = {}
    async with aiohttp.ClientSession() as http:
        for number in range(count):
            begun[str(number)] = time.time()
            await post(http, url, str(number))
            await asyncio.sleep(1 / rate)
    return begun


async def post(http: aiohttp.ClientSession, url: str, id: str) -> None:
    body, at = json.dumps({"id": id, "type": "webhook.test", "data": DATA}).encode(), str(int(time.time()))
    signature = hmac.digest(SECRET, f"{id}.{at}.".encode() + body, hashlib.sha256)
    headers = {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": at,
        "webhook-signature": "v1," + base64.b64encode(signature).decode(),
    }
    async with http.post(url, data=body, headers=headers) as response:
        response.raise_for_status()


def ticks(count: int, rate: float) -> Iterator[int]:
    start = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, start + number / rate - time.monotonic()))
        yield number


def summary(begun: dict[str, float], arrived: dict[str, float]) -> dict[str, float]:
    seconds = [arrived[id] - at for id, at in begun.items()]
    return {"median": median(seconds), "p99": quantiles(seconds, n=100, method="inclusive")[98]}


def cpu_of_process(pid: int) -> float:
    """Seconds of CPU of a process, its threads included."""
    with open(f"/proc/{pid}/stat") as stat:
        return sum(map(int, stat.read().rpartition(")")[2].split()[11:13])) / TICKS


def cpu_of_database() -> float:
    return cpu_of(int(os.environ.get(POSTMASTER, 0)) or None)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["prepare", "bare", "ours"])
    parser.add_argument("--port", type=int, required=True, help="of the sink")
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--rate", type=float, default=0, help="a second; 0: as many as possible")
    chosen = parser.parse_args()
    match chosen.action, chosen.rate:
        case "prepare", _:
            tell(prepare(chosen.port))
        case "bare", 0:
            tell(bare(chosen.port, chosen.count))
        case "ours", 0:
            tell(ours(chosen.port, chosen.count))
        case "bare", rate:
            tell(bare_latency(chosen.port, chosen.count, rate))
        case _, rate:
            tell(our_latency(chosen.port, chosen.count, rate))


if __name__ == "__main__":
    main()
