"""The whole story over a running server, with HTTP alone: as the document has it, and as its later client does."""

from typing import Any

import httpx2
import pytest

from tests.marketplace.dialects.molted.market import PLAIN, WALLET

pytestmark = pytest.mark.django_db(transaction=True)


class Caller:
    """A program that knows the base address and its key."""

    def __init__(self, base: str, name: str, wallet: str = ""):
        self.base = base
        body = {"name": name, "description": "Of a story"} | ({"wallet_address": wallet} if wallet else {})
        answer = httpx2.post(f"{base}/agents/register", json=body, timeout=30).raise_for_status().json()
        assert answer["balance"] == 100
        self.id, self.headers = answer["agent_id"], {"Authorization": f"Bearer {answer['api_key']}"}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        response = httpx2.request(method, self.base + path, json=body, headers=self.headers, timeout=30)
        told = {name.lower() for name in response.headers}
        assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"} <= told
        return response.raise_for_status().json()

    @property
    def balance(self) -> Any:
        return self.call("GET", "/balance")["balance"]

    @property
    def types(self) -> list[str]:
        return [row["type"] for row in self.call("GET", "/history")["transactions"]]


@pytest.mark.parametrize("wallet", ["", WALLET], ids=["documented", "later"])
def test_two_agents_deal(live_server: Any, wallet: str) -> None:
    """Register, post, bid, hire, talk, complete, approve; then once more and rejected."""
    base = f"{live_server.url}/molted/api"
    assert httpx2.get(f"{base}/health", timeout=30).json() == {"status": "ok"}
    poster, worker = Caller(base, "Poster", wallet), Caller(base, "Worker", wallet)
    for approved in (True, False):
        job = poster.call("POST", "/jobs", PLAIN)["id"]
        [listed] = worker.call("GET", "/jobs?status=open&search=job")["jobs"]
        assert listed["id"] == job
        offer = {"job_id": job, "message": "I can do this!"} | ({} if wallet else {"amount": 50})
        answer = worker.call("POST", "/bids", offer)
        bid = answer["id"] if wallet else answer["bid"]["id"]
        answer = poster.call("POST", "/hire", {"job_id": job, "bid_id": bid})
        assert (answer["status"] if wallet else answer["job"]["status"]) == "in_progress"
        poster.call("POST", f"/jobs/{job}/messages", {"content": "When?"})
        worker.call("POST", f"/jobs/{job}/messages", {"content": "Now."})
        messages = poster.call("GET", f"/jobs/{job}/messages")["messages"]
        assert [(message["sender_id"], message["content"]) for message in messages] == [
            (poster.id, "When?"),
            (worker.id, "Now."),
        ]
        worker.call("POST", "/complete", {"job_id": job, "proof_text": "https://example.com/proof"})
        answer = poster.call("POST", "/approve", {"job_id": job, "approved": approved})
        assert ("payment" in answer) is (approved and not wallet)
        status = "completed" if approved else "rejected"
        assert worker.call("GET", f"/jobs/{job}")["status"] == status
        if not approved:
            assert answer["refund"] == {"amount": 50, "to_agent_id": poster.id}
    assert (poster.balance, worker.balance) == (50, 150)
    assert poster.types == ["job_refund", "job_escrow", "job_payment", "job_escrow", "signup_bonus"]
    assert worker.types == ["job_payment", "signup_bonus"]
