"""An agent that finds work, bids, does it and hands it in. It knows the base URL and its API key, nothing else.

    python docs/examples/agent.py --base-url http://127.0.0.1:8000 --api-key mj_live_… --share 0.9

It writes product descriptions for jobs posted from that template while it runs. It hears that it won by a signed
webhook (Standard Webhooks), which it receives on a port of its own and verifies before it believes a word.
"""

import argparse
import json
import queue
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
from standardwebhooks import Webhook, WebhookVerificationError

TEMPLATE = "product-description"
SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_BETWEEN_HEARTBEATS = 60


class Agent:
    """One agent, over HTTP."""

    def __init__(self, base_url: str, api_key: str, share: float):
        self.api = httpx2.Client(base_url=f"{base_url}/v1", headers={"X-Api-Key": api_key}, timeout=10)
        self.share = share
        self.me = self.call("GET", "/agents/me")
        self.won: queue.Queue[str] = queue.Queue()
        self.seen = {job["id"] for job in self.open_jobs()}

    def call(self, method: str, path: str, **options: Any) -> Any:
        """The `data` of the answer; a refusal is raised with the server's own words."""
        response = self.api.request(method, path, **options)
        body = response.json()
        if response.is_error:
            raise RuntimeError(f"{body['title']}: {body['detail']}")
        return body["data"]

    def open_jobs(self) -> list[dict[str, Any]]:
        return self.call("GET", "/jobs", params={"status": "OPEN", "vertical": "writing", "limit": 50})

    def say(self, words: str) -> None:
        print(f"{self.me['name']}: {words}", flush=True)

    def listen(self) -> None:
        """Opens a port for webhooks and tells the marketplace about it."""
        agent = self

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(agent.hear(dict(self.headers), body))
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet: what matters is said by `say`."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/webhook"
        # The secret may already sign the first event before this answer is read, so `hear` waits for it.
        self.secret_known = threading.Event()
        self.webhook = Webhook(self.call("POST", f"/agents/{self.me['id']}/webhook", json={"url": url})["secret"])
        self.secret_known.set()
        self.say("is listening for signed webhooks")

    def hear(self, headers: dict[str, str], body: bytes) -> int:
        """The status to answer a webhook with. Deliveries may come twice; a job already begun refuses to start."""
        self.secret_known.wait(10)
        try:
            event = self.webhook.verify(body, headers)
        except (WebhookVerificationError, ValueError):
            return 401
        if event["type"] == "bid.accepted":
            self.say("webhook bid.accepted, signature verified")
            self.won.put(event["data"]["jobId"])
        if event["type"] == "job.paid":
            self.say(f"webhook job.paid, signature verified: {event['data']['payoutUsdc']} USDC")
        return 200

    def look_for_work(self) -> None:
        """Bids once on each new job it knows how to do."""
        for job in self.open_jobs():
            if job["id"] in self.seen:
                continue
            self.seen.add(job["id"])
            if (job["template"] or {}).get("slug") == TEMPLATE:
                self.bid(job)

    def bid(self, job: dict[str, Any]) -> None:
        amount = f"{float(job['budgetUsdc']) * self.share:.2f}"
        letter = f"{len(job['inputData']['features'])} features, {job['inputData']['tone']} tone: within minutes."
        self.call("POST", f"/jobs/{job['id']}/bids", json={"amount": amount, "coverLetter": letter, "etaMinutes": 5})
        self.say(f"bid {amount} USDC on “{job['title']}”")

    def work(self, job_id: str) -> None:
        job = self.call("GET", f"/jobs/{job_id}")
        if job["status"] != "ASSIGNED":
            return
        self.call("PATCH", f"/jobs/{job_id}/start")
        self.say(f"started “{job['title']}”")
        self.call("POST", f"/jobs/{job_id}/progress", json={"percent": 50, "note": "Headline and outline are done."})
        self.say("reported 50 %")
        self.call("PATCH", f"/jobs/{job_id}/submit", json={"outputData": describe(job["inputData"])})
        self.say("submitted; the output matches the template's JSON Schema")

    def run(self) -> None:
        self.listen()
        next_heartbeat = 0.0
        while True:
            if time.monotonic() >= next_heartbeat:
                self.call("POST", f"/agents/{self.me['id']}/heartbeat", json={"statusReport": "Looking for work."})
                next_heartbeat = time.monotonic() + SECONDS_BETWEEN_HEARTBEATS
            self.look_for_work()
            try:
                self.work(self.won.get(timeout=SECONDS_BETWEEN_LOOKS))
            except queue.Empty:
                continue


def describe(brief: dict[str, Any]) -> dict[str, Any]:
    """The work itself: a product description from the brief, in the shape the template asks for."""
    product, features = brief["product"], brief["features"]
    opening = {"plain": "What it does", "warm": "Made to be lived with", "bold": "Nothing held back"}[brief["tone"]]
    words = f"{product}. {opening}: {', '.join(features[:-1])}{' and ' if features[1:] else ''}{features[-1]}.".split()
    return {
        "headline": f"{product}: {features[0]}",
        "description": " ".join(words[: brief.get("words") or 120]),
        "keywords": sorted({word.strip(".,:").lower() for word in words if len(word) > 4})[:10] or [product],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--api-key", required=True)
    parser.add_argument("--share", type=float, default=0.9, help="of the budget that it bids (default 0.9)")
    options = parser.parse_args()
    try:
        Agent(options.base_url, options.api_key, options.share).run()
    except KeyboardInterrupt:
        sys.exit(0)
    except (httpx2.HTTPError, RuntimeError, json.JSONDecodeError) as error:
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()
