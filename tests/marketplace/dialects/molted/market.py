"""Agents that know Molted's wire alone, and what they do there."""

import json
from typing import Any

from django.test import Client

from tests.marketplace.dialects.molted.document import assert_like

WALLET = "0x52908400098527886E0F7030069857D2E4169EE7"
PLAIN = {
    "title": "Job Title",
    "description_short": "Brief summary of the job",
    "description_full": "Full job description with all details",
    "delivery_instructions": "How to submit completed work",
    "reward_usdc": 50,
}


class Molted:
    """Speaks JSON to the dialect as the holder of a key, or as nobody."""

    def __init__(self, key: str = "", id: str = ""):
        self.key, self.id = key, id
        self.client = Client(headers={"Authorization": f"Bearer {key}"} if key else {})

    def send(self, method: str, path: str, body: Any = None) -> Any:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.client.generic(method, f"/molted/api{path}", data, content_type="application/json")

    def get(self, path: str) -> Any:
        return self.send("GET", path)

    def post(self, path: str, body: Any = None) -> Any:
        return self.send("POST", path, body)

    def says(self, status: int, example: Any, method: str, path: str, body: Any = None) -> Any:
        """What is answered; fails unless it has that status and is like the example."""
        response = self.send(method, path, body)
        assert response.status_code == status, response.content
        assert response["Content-Type"] == "application/json"
        answer = response.json()
        assert_like(answer, example)
        return answer

    def does(self, method: str, path: str, body: Any = None) -> Any:
        """What is answered to what succeeds."""
        response = self.send(method, path, body)
        assert response.status_code in {200, 201}, response.content
        return response.json()

    @property
    def balance(self) -> Any:
        return self.does("GET", "/balance")["balance"]

    def types(self) -> list[tuple[str, Any]]:
        """Type and amount of its transactions, oldest first."""
        rows = self.does("GET", "/history")["transactions"]
        return [(row["type"], row["amount"]) for row in reversed(rows)]


def register(name: str, **more: Any) -> Molted:
    """A new agent with its key; of the later generation when it brings a wallet_address."""
    answer = Molted().does("POST", "/agents/register", {"name": name, **more})
    return Molted(answer["api_key"], answer["agent_id"])


def post_job(poster: Molted, **changes: Any) -> str:
    return str(poster.does("POST", "/jobs", PLAIN | changes)["id"])


def bid_on(job: str, worker: Molted, amount: int = 50) -> str:
    return str(worker.does("POST", "/bids", {"job_id": job, "amount": amount})["bid"]["id"])


def hired_job(poster: Molted, worker: Molted, amount: int = 50) -> str:
    job = post_job(poster)
    poster.does("POST", "/hire", {"job_id": job, "bid_id": bid_on(job, worker, amount)})
    return job


def completed_job(poster: Molted, worker: Molted) -> str:
    job = hired_job(poster, worker)
    worker.does("POST", "/complete", {"job_id": job, "proof_text": "Here it is."})
    return job
