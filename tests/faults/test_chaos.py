"""Workers, broker and web are killed at random while people use the market: everybody hears everything (W1, W2, C5).

CHAOS_SECONDS=60 is the full minute of the promise; by default it is shorter, so that the suite stays quick.
"""

import json
import os
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx2
import pytest
from django.db import connections
from django.db.models import F

from agents.inbox.models import Notification
from agents.models import Agent
from agents.services import mint_api_key
from agents.webhooks.models import Delivery
from agents.webhooks.services import set_endpoint
from jobs.models import Job
from jobs.services import report_progress
from marketplace.events.models import Event
from marketplace.events.relay import relay_batch
from tests.factories import FUNDS, make_agent, make_person, started_job
from tests.faults.conftest import Broker, Processes
from tests.receiver import Receiver
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS = float(os.environ.get("CHAOS_SECONDS", 12))
BETWEEN_KILLS = (0.3, 1.5)
JOBS = 3
SECONDS_TO_SETTLE = 90


@pytest.fixture
def broker(tmp_path: Path) -> Broker:
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.kill()


def report(url: str, key: str, job: Job, until: threading.Event) -> list[int]:
    """The worker reports progress again and again, whatever becomes of its requests; the percentages that went in."""
    accepted = []
    for number in range(1, 10_000):
        if until.is_set():
            break
        try:
            response = httpx2.post(
                f"{url}/v1/jobs/{job.pk}/progress",
                json={"percent": number % 100, "note": str(number)},
                headers={"X-Api-Key": key},
                timeout=5,
            )
        except httpx2.TransportError:
            until.wait(0.05)  # nobody listens for a moment
            continue
        if response.status_code < 300:
            accepted.append(number)
    return accepted


def report_directly(worker: Agent, job: Job, until: threading.Event) -> list[int]:
    """The same without the web: events that nobody's message tells the relay of."""
    accepted = []
    while not until.wait(0.02):
        accepted.append(len(accepted) + 1)
        report_progress(job=job, actor=worker, percent=accepted[-1] % 100, note=str(accepted[-1]))
    connections.close_all()
    return accepted


def torment(processes: Processes, broker: Broker, chance: random.Random, until: threading.Event) -> Counter[str]:
    """Kills one of them, starts it again, and so on; how often each."""
    killed: Counter[str] = Counter()
    victims = [name for name in processes.running if name != "beat"]
    while not until.wait(chance.uniform(*BETWEEN_KILLS)):
        victim = chance.choice([*victims, "broker"])
        if victim == "web" and not is_up(f"{processes.url}/v1/health"):
            continue  # it is still coming up from the last time
        killed[victim] += 1
        if victim == "broker":
            broker.kill()
            broker.start()
        else:
            processes.kill(victim)
            processes.start(victim)
        processes.start(*processes.kill_the_dead())
    return killed


def all_told(processes: Processes) -> bool:
    """Nothing waits to be relayed, and nothing to be delivered; what waits for its next attempt is due at once."""
    processes.start(*processes.kill_the_dead())
    Delivery.objects.filter(status=Delivery.Status.PENDING, leased_until=None).update(next_attempt_at=F("created_at"))
    waiting = Delivery.objects.exclude(status=Delivery.Status.DELIVERED).exists()
    return not waiting and not Event.objects.filter(relayed_at=None).exists()


def test_whatever_is_killed_everybody_hears_everything(processes, broker, receiver, other_receiver):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    poster, worker = make_person("Paula", funds=FUNDS), make_agent(name="Wanda")
    while relay_batch():
        pass
    set_endpoint(agent=poster, url=receiver.url, actor=poster)
    set_endpoint(agent=worker, url=other_receiver.url, actor=worker)
    before = Event.objects.latest("pk").pk
    jobs = [started_job(poster, worker) for _ in range(JOBS)]
    _, key = mint_api_key(agent=worker, name="test", actor=worker)
    processes.environment["REDIS_URL"] = broker.url
    names = [name for name in processes.names() if name != "streams"]
    processes.start(*names)
    health = f"{processes.url}/v1/health"
    wait_for(partial(is_up, health), "the web server to come up", 60)

    enough = threading.Event()
    with ThreadPoolExecutor(JOBS + 1) as threads:
        reports = [threads.submit(report_directly, worker, jobs[0], enough)]
        reports += [threads.submit(report, processes.url, key, job, enough) for job in jobs[1:]]
        torments = threads.submit(torment, processes, broker, random.Random(seed), enough)
        enough.wait(SECONDS)
        enough.set()
        accepted = [running.result() for running in reports]
        killed = torments.result()
    connections.close_all()
    print(f"killed {dict(killed)}; {sum(map(len, accepted))} reports went in")
    wait_for(partial(all_told, processes), "everybody to be told", SECONDS_TO_SETTLE)

    assert killed and accepted[0] and any(accepted[1:])
    for agent, heard in ((poster, receiver), (worker, other_receiver)):
        check_webhooks(agent, heard, before)
        check_inbox(agent)
    for job, numbers in zip(jobs, accepted, strict=True):
        check_order(job, numbers, receiver)


def is_up(url: str) -> bool:
    try:
        return httpx2.get(url, timeout=5).status_code == 200
    except httpx2.TransportError:
        return False


def check_webhooks(agent: Agent, heard: Receiver, before: int) -> None:
    """Every event at least once, always with the same bytes, and nothing that is none of its business."""
    told = Event.objects.filter(audience__contains=[agent.pk], pk__gt=before).values_list("uid", flat=True)
    assert set(heard.ids) >= set(map(str, told))
    bodies: dict[str, set[bytes]] = {}
    for request in heard.requests:
        bodies.setdefault(request.id, set()).add(request.body)
    assert all(len(variants) == 1 for variants in bodies.values())
    assert Event.objects.filter(uid__in=bodies).exclude(audience__contains=[agent.pk]).count() == 0


def check_inbox(agent: Agent) -> None:
    """Each event once."""
    kept = Counter(Notification.objects.filter(agent=agent).values_list("event_id", flat=True))
    events = Event.objects.filter(audience__contains=[agent.pk]).values_list("pk", flat=True)
    assert kept == Counter(events)


def check_order(job: Job, numbers: list[int], heard: Receiver) -> None:
    """However late or twice it came: by `sequence` it is the order in which it happened, and nothing is missing."""
    messages = {request.id: json.loads(request.body) for request in heard.requests}
    progress = [
        message
        for message in messages.values()
        if message["type"] == "job.progress" and message["data"]["jobId"] == str(job.pk)
    ]
    in_order = [int(message["data"]["note"]) for message in sorted(progress, key=lambda message: message["sequence"])]
    assert in_order == sorted(in_order)
    assert set(in_order) >= set(numbers)
