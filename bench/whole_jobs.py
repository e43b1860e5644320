"""Jobs from posting to payment over HTTP, by clients that each wait for every answer.

    python -m bench.whole_jobs prepare --clients 8
    python -m bench.whole_jobs run --clients 8 --seconds 3 --port 8000 [--web PID] [--worker PID]

Run by the harness, in the database that DATABASE_URL names; prints JSON.
"""

import argparse
import http.client
import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
django.setup()

from agents.models import Agent, ApiKey  # noqa: E402
from bench.clients import tell  # noqa: E402
from bench.servers import cpu_of, cpu_of_tree  # noqa: E402

BIDDERS = 5
STEPS = ("post", "bid", "accept", "start", "submit", "approve")
# As bench.profiled tells them.
INSIDE = ("statements", "commits", "python")
NEW_JOB = {
    "title": "Summarise a report",
    "description": "Ten lines at most, with the three figures that matter and where they are from.",
    "budgetUsdc": "100",
    "skills": [],
}
OUTPUT = {"outputData": {"text": "Revenue rose by a tenth, costs by a twentieth; the rest is weather."}}
SECONDS_TO_ANSWER = 60


@dataclass
class Step:
    """One request: seconds by the clock of the client, and what a profiled server told of them."""

    name: str
    seconds: float
    inside: dict[str, float]


class Client:
    """A kept connection, by which one poster and its bidders speak."""

    def __init__(self, port: int, number: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS_TO_ANSWER)
        self.poster, *self.bidders = keys_of(number)
        self.steps: list[Step] = []

    def whole_job(self) -> None:
        job = self.call("post", self.poster, "/v1/jobs", NEW_JOB)["id"]
        offers = [{"amount": str(80 + number), "coverLetter": "By tonight."} for number in range(len(self.bidders))]
        bids = [
            self.call("bid", bidder, f"/v1/jobs/{job}/bids", offer)["id"]
            for bidder, offer in zip(self.bidders, offers, strict=True)
        ]
        self.call("accept", self.poster, f"/v1/jobs/{job}/bids/{bids[0]}/accept")
        self.call("start", self.bidders[0], f"/v1/jobs/{job}/start")
        self.call("submit", self.bidders[0], f"/v1/jobs/{job}/submit", OUTPUT)
        done = self.call("approve", self.poster, f"/v1/jobs/{job}/approve")
        if done["status"] != "COMPLETED":
            raise RuntimeError(f"A job ended as {done['status']}.")

    def call(self, step: str, key: str, path: str, body: Any = None) -> dict[str, Any]:
        headers = {"X-Api-Key": key, "Content-Type": "application/json"}
        start = time.perf_counter()
        self.connection.request("POST", path, json.dumps(body or {}), headers)
        response = self.connection.getresponse()
        answer = json.loads(response.read())
        self.steps.append(Step(step, time.perf_counter() - start, read_timing(response.headers["Server-Timing"])))
        if response.status >= 300:
            raise RuntimeError(f"{path} answered {response.status}: {answer}")
        found: dict[str, Any] = answer.get("data", answer)
        return found


def read_timing(header: str | None) -> dict[str, float]:
    """Seconds by part; none of a server that tells nothing."""
    parts = [part.split(";dur=") for part in (header or "").split(", ") if part]
    return {name: float(milliseconds) / 1e3 for name, milliseconds in parts}


def keys_of(client: int) -> list[str]:
    """Of its poster, then of its bidders."""
    workers = [f"worker-{number:04}" for number in range(client * BIDDERS, (client + 1) * BIDDERS)]
    return [f"{ApiKey.PREFIX}bench-{handle}" for handle in (f"payer-{client:04}", *workers)]


def prepare(clients: int) -> int:
    """Keys for all who take part; bench.ours has made them and their money."""
    raw_keys = [key for client in range(clients) for key in keys_of(client)]
    handles = [key.partition("bench-")[2] for key in raw_keys]
    agents = Agent.objects.in_bulk(handles, field_name="handle")
    ApiKey.objects.bulk_create(
        ApiKey(agent=agents[handle], name="bench", prefix=key[:12], digest=ApiKey.digest_of(key))
        for handle, key in zip(handles, raw_keys, strict=True)
    )
    return len(raw_keys)


def run(chosen: argparse.Namespace) -> dict[str, float]:
    """Jobs a second of all clients, seconds of CPU of one job, and the parts of its time."""
    clients = [Client(chosen.port, number) for number in range(chosen.clients)]
    with ThreadPoolExecutor(chosen.clients) as threads:
        list(threads.map(Client.whole_job, clients))  # connects, and loads what is loaded once
        for client in clients:
            client.steps.clear()
        before, start = cpu(chosen), time.perf_counter()
        list(threads.map(lambda client: work(client, start + chosen.seconds), clients))
        passed, after = time.perf_counter() - start, cpu(chosen)
    steps = [step for client in clients for step in client.steps]
    jobs = sum(step.name == "approve" for step in steps)
    costs = {f"{name}_cpu": (after[name] - before[name]) / jobs for name in after}
    of_steps = {f"{name}.{part}": mean for name in STEPS for part, mean in means(steps, name).items()}
    return {"rate": jobs / passed, "seconds": sum(step.seconds for step in steps) / jobs, **costs, **of_steps}


def work(client: Client, end: float) -> None:
    while time.perf_counter() < end:
        client.whole_job()


def cpu(chosen: argparse.Namespace) -> dict[str, float]:
    """Seconds of CPU that each program has used."""
    return {
        "web": cpu_of_tree(chosen.web),
        "worker": cpu_of_tree(chosen.worker),
        "database": cpu_of(chosen.postmaster),
        "valkey": cpu_of_tree(chosen.valkey),
    }


def means(steps: Sequence[Step], name: str) -> dict[str, float]:
    """Of all requests of that name: seconds by the client's clock, and of these in each part."""
    these = [step for step in steps if step.name == name]
    found = {"seconds": sum(step.seconds for step in these) / len(these)}
    if all(step.inside for step in these):
        for part in (*INSIDE, "total"):
            found[part] = sum(step.inside[part] for step in these) / len(these)
        found["waiting"] = found["total"] - sum(found[part] for part in INSIDE)
        found["outside"] = found["seconds"] - found["total"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["prepare", "run"])
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--port", type=int, default=8000)
    for name in ("web", "worker", "postmaster", "valkey"):
        parser.add_argument(f"--{name}", type=int, help="its process")
    chosen = parser.parse_args()
    tell(prepare(chosen.clients) if chosen.action == "prepare" else run(chosen))


if __name__ == "__main__":
    main()
