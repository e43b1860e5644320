"""What the known clients of this API send and read (WIRE 1.3 to 1.8), against the running server over HTTP.

Each test plays one client in its own words: the command line, the MCP server, the Python SDK, bots.
"""

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from agents.models import Agent
from agents.services import mint_api_key
from jobs.models import JobTemplate
from marketplace.events.relay import relay_batch
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

HASH = re.compile(r"0x[0-9a-f]{64}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
DECIMAL = re.compile(r"\d+\.\d{2,6}")
STATUSES = {"OPEN", "ASSIGNED", "IN_PROGRESS", "IN_REVIEW", "COMPLETED", "CANCELLED", "DISPUTED"}
JOB = {
    *("id", "title", "description", "status", "budgetUsdc", "deadlineAt", "templateId", "vertical", "template"),
    *("inputData", "acceptanceCriteria", "poster", "posterId", "agentId", "assignedAgentId", "assignedAgent"),
    *("paymentProvider", "paymentStatus", "escrowTxHash", "escrowJobId", "escrow", "escrowFunded"),
    *("isPubliclyShareable", "requiredPack", "requiredCertification", "participationMode", "bidCount"),
    *("createdAt", "updatedAt", "payoutUsdc", "txHash"),
}
BID = {"id", "jobId", "agentId", "amount", "proposedUsdc", "coverLetter", "status", "createdAt"}
AGENT = {
    *("id", "handle", "name", "vertical", "status", "reputation", "reputationScore", "completedJobs", "jobsCompleted"),
    *("passedFundamentals", "certifications", "skills", "modelName", "walletAddress", "lastHeartbeatAt"),
}
PROBLEM = {
    *("type", "title", "status", "detail", "instance", "requestId"),
    *("code", "message", "errors", "timestamp", "path"),
}


class Caller:
    """A client of the API: a base URL, headers, and how it reads replies."""

    def __init__(self, url: str, **headers: str):
        self.http = httpx2.Client(base_url=f"{url}/v1", headers=headers, timeout=30)

    def call(self, method: str, path: str, **sent: Any) -> Any:
        """`data` of a success. Fails for anything else, and for 204 (WIRE 0.3)."""
        response = self.http.request(method, path, **sent)
        assert 200 <= response.status_code < 300, (method, path, response.status_code, response.text)
        assert response.status_code != 204
        assert response.headers["X-Request-Id"]
        return response.json()["data"]

    def page(self, path: str) -> tuple[list[Any], Any]:
        """The rows and the cursor of a list, read as strictly as the Python SDK does: both keys must be there."""
        body = self.http.get(path).json()
        assert {"nextCursor", "total"} <= body["meta"].keys()
        return body["data"], body["meta"]["nextCursor"]


def key_of(agent: Agent) -> str:
    return mint_api_key(agent=agent, name="client", actor=agent)[1]


@pytest.fixture
def market(live_server, db) -> Iterator[dict[str, Any]]:
    """A poster and a worker with keys, as three kinds of client call them."""
    template = JobTemplate.objects.create(slug="essay", name="Essay", vertical="writing")
    poster = factories.make_person("Paula", funds=factories.FUNDS)
    worker = factories.make_agent(name="Wanda", funds=factories.FUNDS)
    url, keys = live_server.url, {"poster": key_of(poster), "worker": key_of(worker)}
    callers = {
        "url": url,
        "template": template,
        "worker": worker,
        "poster_cli": Caller(url, **{"X-Api-Key": keys["poster"]}),
        # The Python SDK sends its key as a bearer, and a JSON content type with or without a body.
        "poster_sdk": Caller(url, Authorization=f"Bearer {keys['poster']}", **{"Content-Type": "application/json"}),
        "worker_sdk": Caller(url, Authorization=f"Bearer {keys['worker']}", **{"Content-Type": "application/json"}),
        "worker_mcp": Caller(url, **{"X-Api-Key": keys["worker"]}),
        "anybody": Caller(url),
    }
    yield callers
    for caller in callers.values():
        if isinstance(caller, Caller):
            caller.http.close()


def post_job(market, **changes: Any) -> dict[str, Any]:
    sent = {"templateId": str(market["template"].pk), "title": "Ten lines", "budgetUsdc": 45, "deadlineAt": None}
    return market["poster_sdk"].call("POST", "/jobs", json={**sent, "inputData": {}, **changes})


def test_a_whole_job_as_the_python_sdk_does_it(market):
    """WIRE 0.1, 0.2, 1.3: nulls for what is absent, a JSON content type with no body, `apply` for a bid."""
    poster, worker = market["poster_sdk"], market["worker_sdk"]
    job = post_job(market)
    bid = worker.call(
        "POST", f"/jobs/{job['id']}/apply", json={"bidAmount": 45.0, "coverLetter": None, "agentId": None}
    )
    assert bid.keys() >= BID
    assert bid["amount"] == bid["proposedUsdc"] == "45.00"
    assert bid["agentId"] == market["worker"].handle
    poster.call("POST", f"/jobs/{job['id']}/bids/{bid['id']}/accept")
    started = worker.call("PATCH", f"/jobs/{job['id']}/start")
    assert started["agentId"] == market["worker"].handle
    worker.call("POST", f"/agents/{market['worker'].handle}/heartbeat")
    worker.call("PATCH", f"/jobs/{job['id']}/submit", json={"outputData": {"text": "v1"}, "proofHash": None})
    refused = poster.http.patch(f"/jobs/{job['id']}/reject", json={"reason": None, "category": None})
    assert refused.status_code == 400
    poster.call("PATCH", f"/jobs/{job['id']}/reject", json={"reason": "Longer", "category": "Incomplete Work"})
    worker.call("PATCH", f"/jobs/{job['id']}/submit", json={"outputData": {"text": "v2"}})
    paid = poster.call("PATCH", f"/jobs/{job['id']}/approve")
    assert (paid["status"], paid["payoutUsdc"]) == ("COMPLETED", "42.75")
    assert HASH.fullmatch(paid["txHash"])
    wallet = worker.call("GET", f"/agents/{market['worker'].handle}/wallet")
    assert all(isinstance(wallet[name], str) for name in ("address", "balanceUsdc", "status"))
    rows, _ = worker.page(f"/agents/{market['worker'].handle}/wallet/transactions")
    assert rows
    assert all(isinstance(row[name], str) for row in rows for name in ("id", "type", "amount", "txHash", "createdAt"))


def test_a_whole_job_as_bots_do_it(market):
    """WIRE 1.3: POST where the table says PATCH, their names for price, text and output; escrow released by hand."""
    poster, worker = market["poster_cli"], market["worker_mcp"]
    job = post_job(market, budgetUsdc="45.5")
    sent = {"proposedUsdc": "45.5", "pitch": "I can.", "agentId": str(market["worker"].pk)}
    bid = worker.call("POST", f"/jobs/{job['id']}/bids", json=sent)
    assert bid["coverLetter"] == "I can."
    poster.call("POST", f"/jobs/{job['id']}/bids/{bid['id']}/accept")
    worker.call("POST", f"/jobs/{job['id']}/start")
    output = {
        "output": "All done.",
        "metadata": {"model": "m"},
        "proofUrl": "https://example.com/p",
        "outputData": None,
    }
    handed_in = worker.call("POST", f"/jobs/{job['id']}/submit", json=output)
    assert handed_in["submission"]["outputData"] == {
        "output": "All done.",
        "metadata": {"model": "m"},
        "proofUrl": "https://example.com/p",
    }
    released = poster.call("POST", f"/jobs/{job['id']}/release-escrow")
    assert (released["status"], released["paymentStatus"]) == ("COMPLETED", "RELEASED")
    again = poster.http.post(f"/jobs/{job['id']}/release-escrow")
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (
            {"summary": "Ten lines.", "artifacts": [{"name": "a", "url": "https://example.com/a"}]},
            {"summary": "Ten lines.", "artifacts": [{"name": "a", "url": "https://example.com/a"}]},
        ),
        ({"output": {"text": "x"}}, {"text": "x"}),
        ({"output": {"text": "x"}, "metadata": {"a": 1}}, {"text": "x"}),
        ({"outputData": {"text": "x"}, "output": "told twice", "metadata": {}}, {"text": "x"}),
    ],
)
def test_work_is_handed_in_in_each_ones_words(market, sent, stored):
    job = factories.started_job(factories.make_person("Pia", funds=factories.FUNDS), market["worker"])
    told = market["worker_mcp"].call("POST", f"/jobs/{job.pk}/submit", json=sent)
    assert told["submission"]["outputData"] == stored


@pytest.mark.parametrize("name", ["amount", "proposedUsdc", "amountUsdc", "bidAmount", "proposal"])
@pytest.mark.parametrize("text", ["coverLetter", "message", "pitch"])
def test_a_bid_is_read_in_each_ones_words(market, name, text):
    job = post_job(market)
    bid = market["worker_mcp"].call("POST", f"/jobs/{job['id']}/bids", json={name: "40", text: "Me.", "etaMinutes": 30})
    assert (bid["amount"], bid["coverLetter"]) == ("40.00", "Me.")
    told = market["worker_mcp"].call("DELETE", f"/jobs/{job['id']}/bids/{bid['id']}")
    assert told["message"]


def test_a_job_has_every_member_that_clients_read(market):
    """WIRE 1.4: `null` rather than missing, the types that strict readers want."""
    open_job = post_job(market)
    for job in (open_job, market["worker_mcp"].call("GET", f"/jobs/{open_job['id']}")):
        assert job.keys() >= JOB
        assert job["status"] in STATUSES
        assert DECIMAL.fullmatch(job["budgetUsdc"])
        assert all(MOMENT.fullmatch(job[name]) for name in ("createdAt", "updatedAt", "deadlineAt"))
        assert all(isinstance(job[name], str) for name in ("id", "title", "description", "templateId"))
        assert job["paymentProvider"] == "ON_CHAIN_USDC"
        assert (job["escrowTxHash"] is None) == (job["escrowJobId"] is None)
        assert job["template"].keys() >= {"name", "vertical"}
        assert job["poster"].keys() >= {"id", "displayName"}
    plain = market["poster_cli"].call("POST", "/jobs", json={"title": "No template", "budgetUsdc": "5"})
    assert isinstance(plain["templateId"], str)


def test_lists_are_read_as_each_client_asks(market):
    """WIRE 1.5: status in any case and between commas, both keys of `meta`, cursors, the words of each for sorting."""
    for _ in range(3):
        post_job(market)
    factories.assigned_job(factories.make_person("Pia", funds=factories.FUNDS), market["worker"])
    rows, cursor = market["anybody"].page("/jobs?status=open&limit=2")
    assert len(rows) == 2
    more, end = market["anybody"].page(f"/jobs?status=OPEN&limit=2&cursor={cursor}")
    assert (len(more), end) == (1, None)
    assert not {row["id"] for row in rows} & {row["id"] for row in more}
    assert all(row.keys() >= JOB for row in rows)
    mine, _ = market["worker_mcp"].page(f"/agents/{market['worker'].handle}/jobs?status=assigned,IN_PROGRESS")
    assert [row["status"] for row in mine] == ["ASSIGNED"]
    for sort in ("reputation", "recent", "completedJobs", "newest", "jobs_completed"):
        agents, _ = market["anybody"].page(f"/agents?sort={sort}")
        assert agents[0].keys() >= AGENT
    templates, _ = market["anybody"].page("/templates?vertical=writing&limit=50")
    assert templates[0].keys() >= {
        *("id", "name", "vertical", "inputSchema", "outputSchema", "suggestedBudgetUsdc"),
        *("estimatedDurationMs", "isActive"),
    }
    assert market["anybody"].http.get("/jobs?limit=101").status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        *(None, {}, {"statusReport": "Busy."}, {"status": "ACTIVE"}, {"jobId": None, "statusReport": None}),
        {"jobId": "x", "statusReport": "Busy.", "runtimeMetadata": {"memory": 1}},
    ],
)
def test_every_body_of_a_heartbeat_is_taken(market, body):
    """WIRE 1.8: 201 with the whole agent."""
    for path in (f"/agents/{market['worker'].handle}/heartbeat", "/agents/heartbeat"):
        response = market["worker_sdk"].http.post(path, **({} if body is None else {"json": body}))
        assert response.status_code == 201, response.text
        agent = response.json()["data"]
        assert agent.keys() >= AGENT
        assert MOMENT.fullmatch(agent["lastHeartbeatAt"])


def test_agents_go_by_handle_and_are_found_by_both(market):
    """WIRE 0.6, 1.4: a worker compares `job.agentId` with its handle before it starts."""
    worker = market["worker"]
    for reference in (worker.handle, str(worker.pk), worker.handle.upper()):
        assert market["anybody"].call("GET", f"/agents/{reference}")["id"] == worker.handle
    assert market["worker_mcp"].call("GET", "/agents/me")["handle"] == worker.handle


def test_keys_credits_and_webhooks_in_their_clients_words(market):
    """WIRE 1.3, 1.4: `rawKey` is what the command line tells its user to store."""
    worker, handle = market["worker_mcp"], market["worker"].handle
    minted = worker.call("POST", f"/agents/{handle}/api-keys", json={"name": "second", "expiresAt": None})
    assert minted["rawKey"].startswith("mj_live_")
    worker.call("POST", f"/agents/{handle}/api-keys/{minted['id']}/revoke")
    allowance = worker.call("GET", f"/bids/allowance/{handle}")
    assert allowance.keys() >= {
        *("freeBidsUsed", "freeBidsLimit", "freeBidsRemaining", "paidBidsBalance", "remaining", "limit")
    }
    worker.call("POST", f"/bids/allowance/{handle}/buy", json={"quantity": 2})
    worker.call("POST", f"/bids/allowance/{handle}/buy", json={"usdcAmount": "0.2"})
    worker.call("POST", "/bids/buy-extra", json={"agentId": handle, "quantity": 1})
    hook = worker.call("POST", f"/agents/{handle}/webhook", json={"url": "http://127.0.0.1:9/hook"})
    assert hook["secret"]


def test_what_the_mcp_server_asks_at_its_start(market):
    """WIRE 1.12: updates, statistics and activity, all without a key."""
    factories.completed_job(factories.make_person("Pia", funds=factories.FUNDS), market["worker"])
    while relay_batch():
        pass
    news = market["anybody"].call("GET", "/releases?channel=mcp&version=0.2.0")
    assert news["latest"].keys() == {"cli", "mcp", "sdk-ts", "sdk-python"}
    stats = market["anybody"].call("GET", "/stats")
    assert (stats["totalJobs"], stats["totalCompleted"]) == (1, 1)
    assert stats["medianCompletionTimeMs"] >= 0
    activity, _ = market["anybody"].page("/activity?limit=5")
    assert activity[0]["type"] == "job.completed"
    assert market["anybody"].call("GET", "/health")["database"] == "ok"


def test_anybody_reads_the_public_side_of_a_job(market):
    """WIRE 1.4: the list and this need no key, the whole job does."""
    job = post_job(market)
    for path in (f"/jobs/{job['id']}/public", f"/public/jobs/{job['id']}"):
        assert market["anybody"].call("GET", path).keys() == {
            *("id", "title", "status", "budgetUsdc", "deadlineAt", "createdAt"),
            *("assignedAgent", "bidCount", "escrowFunded"),
        }
    assert market["anybody"].http.get(f"/jobs/{job['id']}").status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/agents/me", 401, "UNAUTHORIZED"),
        ("GET", "/agents/nobody-here", 404, "NOT_FOUND"),
        ("GET", "/jobs?limit=0", 400, "VALIDATION_FAILED"),
        ("PUT", "/jobs", 405, "METHOD_NOT_ALLOWED"),
    ],
)
def test_a_failure_is_read_by_each_client(market, method, path, status, code):
    """WIRE 1.6: the problem document with the members of all four shapes, in a media type that says json."""
    response = market["anybody"].http.request(method, path)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert "json" in response.headers["Content-Type"]
    assert response.json().keys() >= PROBLEM
    assert response.json()["requestId"] == response.headers["X-Request-Id"]


def test_whoever_asks_too_often_is_told_to_wait_for_a_moment(market, settings):
    """WIRE 0.4: the Python SDK waits as long as it is told, up to three times, so the figure is true and small."""
    settings.THROTTLES = {**settings.THROTTLES, "anonymous": "2/3s"}
    answers = [market["anybody"].http.get("/jobs") for _ in range(4)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert 1 <= int(refused[0].headers["Retry-After"]) <= 3
    assert refused[0].json()["code"] == "RATE_LIMITED"


def test_no_other_host_is_named(market):
    """WIRE 0.7: every absolute address that we give is on our own origin."""
    job = factories.submitted_job(factories.make_person("Pia", funds=factories.FUNDS), market["worker"])
    for path in (f"/jobs/{job.pk}", "/agents/me", "/releases", "/activity", "/jobs/none"):
        assert "moltjobs.io" not in market["worker_mcp"].http.get(path).text
