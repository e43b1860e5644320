"""Each endpoint of the document and each failure that it names, in its order (FEATURES D1–D7).

Bodies are compared with its examples member by member: nothing is missing and nothing is there besides.
"""

import re
from typing import Any

import pytest

from agents.models import Agent
from jobs.models import Job
from marketplace.money import MICRO
from tests import factories
from tests.fixtures import api_for
from tests.marketplace.dialects.molted import document
from tests.marketplace.dialects.molted.market import (
    PLAIN,
    Molted,
    bid_on,
    completed_job,
    hired_job,
    post_job,
    register,
)
from wallets.queries import balance

NOWHERE = "01a200e4-5f3c-7696-b7e6-b0b5a524dbbf"


def refuses(api: Molted, status: int, method: str, path: str, body: Any = None) -> str:
    """The error; fails unless nothing but an error is answered, with that status."""
    answer = api.says(status, document.FAILURE, method, path, body)
    return str(answer["error"])


def invalid(api: Molted, method: str, path: str, body: Any = None) -> list[str]:
    """The members that the details name, as dotted paths."""
    answer = api.says(400, document.INVALID, method, path, body)
    assert answer["error"] == "Validation failed"
    return [".".join(detail["path"]) for detail in answer["details"]]


# Authentication


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/jobs"),
        ("POST", "/bids"),
        ("POST", "/hire"),
        ("POST", "/complete"),
        ("POST", "/approve"),
        ("GET", f"/jobs/{NOWHERE}/messages"),
        ("POST", f"/jobs/{NOWHERE}/messages"),
        ("GET", "/balance"),
        ("GET", "/history"),
    ],
)
@pytest.mark.parametrize("key", ["", "mw_" + "0" * 32, "ab_" + "0" * 32, "nonsense"])
def test_what_needs_a_key_is_401_without_a_right_one(db: None, method: str, path: str, key: str) -> None:
    assert refuses(Molted(key), 401, method, path, {} if method == "POST" else None)


def test_a_key_opens_v1_too_under_either_prefix(poster: Molted) -> None:
    """Keys work on every dialect; the same 32 digits under either prefix are one key."""
    for key in (poster.key, "ab_" + poster.key.removeprefix("mw_")):
        response = poster.client.get("/v1/agents/me", headers={"Authorization": f"Bearer {key}"})
        assert response.json()["data"]["uuid"] == poster.id
        assert Molted(key).balance == 100


def test_a_native_key_opens_the_dialect(worker: Molted, anyone: Molted) -> None:
    agent = factories.make_agent(funds=7 * MICRO)
    assert Molted(api_for(agent).key).says(200, document.BALANCE, "GET", "/balance")["balance"] == 7


def test_a_session_opens_nothing(db: None) -> None:
    """Keys alone do, so that no page of another site can have a browser act here (S3)."""
    person = factories.make_person()
    api = Molted()
    api.client.force_login(person.user)
    assert refuses(api, 401, "GET", "/balance")
    assert refuses(api, 401, "POST", "/jobs", PLAIN)


# Health


def test_health(anyone: Molted) -> None:
    assert anyone.says(200, document.HEALTH, "GET", "/health") == {"status": "ok"}


# Registration


def test_register(anyone: Molted) -> None:
    """D1"""
    body = {"name": "Quill", "description": "Writes."}
    answer = anyone.says(201, document.REGISTERED, "POST", "/agents/register", body)
    assert re.fullmatch("mw_[0-9a-f]{32}", answer["api_key"])
    assert answer["balance"] == 100
    agent = Agent.objects.get(pk=answer["agent_id"])
    assert (agent.name, agent.description, agent.owner, agent.status) == ("Quill", "Writes.", None, "ACTIVE")
    assert agent.api_keys.get().prefix == answer["api_key"][:7]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, ["name"]),
        ({"name": ""}, ["name"]),
        ({"name": "x" * 101}, ["name"]),
        ({"name": 5}, ["name"]),
        ({"name": "Quill", "description": "x" * 501}, ["description"]),
        ({"name": "Quill", "description": ["no"]}, ["description"]),
    ],
)
def test_register_validates(anyone: Molted, body: Any, named: list[str]) -> None:
    before = Agent.objects.count()
    assert invalid(anyone, "POST", "/agents/register", body) == named
    assert Agent.objects.count() == before


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff"])
def test_a_body_that_is_no_json_object_is_400(anyone: Molted, body: bytes) -> None:
    assert refuses(anyone, 400, "POST", "/agents/register", body)


def test_names_may_be_as_long_as_the_document_says(anyone: Molted) -> None:
    body = {"name": "x" * 100, "description": "y" * 500}
    anyone.says(201, document.REGISTERED, "POST", "/agents/register", body)


def test_the_bonus_ends_with_its_budget(anyone: Molted, settings: Any) -> None:
    """Capped in total; who comes later starts with nothing."""
    settings.SIGNUP_BONUS_BUDGET = 250 * MICRO
    assert [register(f"Agent {number}").balance for number in range(4)] == [100, 100, 0, 0]


def test_the_bonus_is_given_once_and_never_withdrawn(poster: Molted) -> None:
    from wallets.services import grant_signup_bonus

    agent = Agent.objects.get(pk=poster.id)
    assert grant_signup_bonus(agent=agent, amount=100 * MICRO) == 0
    assert poster.balance == 100
    body = {"toAddress": "0x52908400098527886E0F7030069857D2E4169EE7", "amountUsdc": "1"}
    response = poster.client.post("/v1/agents/me/wallet/withdraw", body, content_type="application/json")
    assert response.status_code == 403


def test_registration_is_limited_by_address(anyone: Molted, settings: Any) -> None:
    settings.THROTTLES = {**settings.THROTTLES, "registration": "2/h"}
    answers = [anyone.post("/agents/register", {"name": "Quill"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert Agent.objects.filter(name="Quill").count() == 2


def test_registration_may_be_closed(anyone: Molted, settings: Any) -> None:
    settings.AGENT_REGISTRATION = False
    assert refuses(anyone, 403, "POST", "/agents/register", {"name": "Quill"})


# Jobs


def test_list_jobs(anyone: Molted, poster: Molted) -> None:
    """D3"""
    job = post_job(poster)
    answer = anyone.says(200, document.JOBS, "GET", "/jobs")
    assert answer["pagination"] == {"total": 1, "limit": 20, "offset": 0}
    [row] = answer["jobs"]
    assert row == PLAIN | {
        "id": job,
        "status": "open",
        "created_at": row["created_at"],
        "poster": {"id": poster.id, "name": "Poster Agent", "reputation_score": 0},
    }


def titles(api: Molted, query: str) -> list[str]:
    return [job["title"] for job in api.does("GET", f"/jobs?{query}")["jobs"]]


@pytest.fixture
def several(poster: Molted, worker: Molted) -> None:
    post_job(poster, title="cheap", reward_usdc=1.5, description_short="About kettles")
    post_job(poster, title="dear", reward_usdc=30, description_full="A whole treatise on teapots")
    post_job(poster, title="middle", reward_usdc=10)


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["middle", "dear", "cheap"]),
        ("sort=newest", ["middle", "dear", "cheap"]),
        ("sort=oldest", ["cheap", "dear", "middle"]),
        ("sort=highest_reward", ["dear", "middle", "cheap"]),
        ("sort=lowest_reward", ["cheap", "middle", "dear"]),
        ("min_reward=10", ["middle", "dear"]),
        ("max_reward=10", ["middle", "cheap"]),
        ("min_reward=1.6&max_reward=29.99", ["middle"]),
        ("search=kettles", ["cheap"]),
        ("search=teapots", ["dear"]),
        ("search=dear", ["dear"]),
        ("search=summary&sort=oldest", ["dear", "middle"]),
        ("search=nothing+of+the+kind", []),
        ("status=open", ["middle", "dear", "cheap"]),
        ("status=completed", []),
        ("limit=2", ["middle", "dear"]),
        ("limit=2&offset=2", ["cheap"]),
        ("search=job&limit=1&offset=1", ["dear"]),
        ("offset=10000", []),
        ("search=&status=&limit=", ["middle", "dear", "cheap"]),
    ],
)
def test_list_jobs_by_its_parameters(anyone: Molted, query: str, found: list[str]) -> None:
    assert titles(anyone, query) == found


@pytest.mark.usefixtures("several")
def test_the_total_does_not_depend_on_the_page(anyone: Molted) -> None:
    for query, total in [("limit=1", 3), ("limit=1&offset=2", 3), ("search=kettles&limit=1", 1), ("min_reward=5", 2)]:
        assert anyone.does("GET", f"/jobs?{query}")["pagination"]["total"] == total


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("status=unknown", "status"),
        ("sort=random", "sort"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("offset=-1", "offset"),
        ("offset=10001", "offset"),
        ("min_reward=lots", "min_reward"),
        ("max_reward=-1", "max_reward"),
        ("min_reward=NaN", "min_reward"),
        ("search=" + "x" * 201, "search"),
    ],
)
def test_list_jobs_validates(anyone: Molted, query: str, named: str) -> None:
    assert invalid(anyone, "GET", f"/jobs?{query}") == [named]


def test_list_jobs_by_each_status(anyone: Molted, poster: Molted, worker: Molted) -> None:
    """Each job is in the list of its status and in no other."""
    from jobs.services import cancel_job

    made = {"open": post_job(poster, reward_usdc=1)}
    made["cancelled"] = post_job(poster, reward_usdc=1)
    owner = Agent.objects.get(pk=poster.id)
    cancel_job(job=Job.objects.get(pk=made["cancelled"]), actor=owner)
    made["in_progress"] = hired_job(poster, worker)
    made["completed"] = completed_job(worker, poster)
    worker.does("POST", "/approve", {"job_id": made["completed"], "approved": True})
    made["rejected"] = completed_job(worker, poster)
    worker.does("POST", "/approve", {"job_id": made["rejected"], "approved": False})
    for status, job in made.items():
        [found] = anyone.does("GET", f"/jobs?status={status}")["jobs"]
        assert (found["id"], found["status"]) == (job, status)
        assert anyone.does("GET", f"/jobs/{job}")["status"] == status


def test_get_job(anyone: Molted, poster: Molted, worker: Molted) -> None:
    job = post_job(poster)
    anyone.says(200, document.DETAIL, "GET", f"/jobs/{job}")
    poster.does("POST", "/hire", {"job_id": job, "bid_id": bid_on(job, worker)})
    answer = anyone.does("GET", f"/jobs/{job}")
    assert answer["hired"] == {"id": worker.id, "name": "Worker Agent"}
    for missing in (NOWHERE, "nonsense"):
        assert refuses(anyone, 404, "GET", f"/jobs/{missing}")


def test_a_draft_is_not_there(anyone: Molted) -> None:
    person = factories.make_person()
    job = factories.draft_job(person)
    for api in (anyone, Molted(api_for(person).key)):
        assert refuses(api, 404, "GET", f"/jobs/{job.pk}")


def test_create_job(poster: Molted) -> None:
    answer = poster.says(201, document.POSTED, "POST", "/jobs", PLAIN)
    assert {name: answer[name] for name in PLAIN} == PLAIN
    assert (answer["poster_id"], answer["status"]) == (poster.id, "open")
    assert answer["message"] == "Job created successfully"
    assert poster.balance == 50


def test_create_job_without_delivery_instructions(poster: Molted) -> None:
    body = {name: value for name, value in PLAIN.items() if name != "delivery_instructions"}
    assert poster.does("POST", "/jobs", body)["delivery_instructions"] is None


def test_create_job_takes_texts_as_long_as_the_document_says(poster: Molted) -> None:
    longest = {
        "title": "t" * 200,
        "description_short": "s" * 300,
        "description_full": "f" * 10_000,
        "delivery_instructions": "d" * 2000,
    }
    answer = poster.says(201, document.POSTED, "POST", "/jobs", PLAIN | longest)
    assert {name: answer[name] for name in longest} == longest


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"title": None}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"description_short": None}, "description_short"),
        ({"description_short": "x" * 301}, "description_short"),
        ({"description_full": None}, "description_full"),
        ({"description_full": "x" * 10_001}, "description_full"),
        ({"delivery_instructions": "x" * 2001}, "delivery_instructions"),
        ({"reward_usdc": None}, "reward_usdc"),
        ({"reward_usdc": 0}, "reward_usdc"),
        ({"reward_usdc": -5}, "reward_usdc"),
        ({"reward_usdc": 1_000_001}, "reward_usdc"),
        ({"reward_usdc": 1e300}, "reward_usdc"),
        ({"reward_usdc": 0.0000001}, "reward_usdc"),
        ({"reward_usdc": "50"}, "reward_usdc"),
        ({"reward_usdc": True}, "reward_usdc"),
    ],
)
def test_create_job_validates(poster: Molted, changes: dict[str, Any], named: str) -> None:
    assert invalid(poster, "POST", "/jobs", PLAIN | changes) == [named]
    assert poster.balance == 100


def test_create_job_needs_a_wallet_address(anyone: Molted) -> None:
    """Whoever registered here has one; an agent made elsewhere may not."""
    agent = factories.make_agent(funds=100 * MICRO)
    api = Molted(api_for(agent).key)
    assert refuses(api, 403, "POST", "/jobs", PLAIN) == "Wallet address not set"
    api.does("PATCH", "/agents/wallet", {"wallet_address": "0x52908400098527886E0F7030069857D2E4169EE7"})
    api.says(201, document.POSTED, "POST", "/jobs", PLAIN)


def test_create_job_needs_the_tokens(poster: Molted) -> None:
    """The document has no 402, and its later client takes one for a demand to pay on a chain."""
    refuses(poster, 400, "POST", "/jobs", PLAIN | {"reward_usdc": 100.01})
    assert poster.balance == 100
    assert not Job.objects.filter(poster=poster.id).exists()


# Bids


def test_bid(poster: Molted, worker: Molted) -> None:
    """D4"""
    job = post_job(poster)
    body = {"job_id": job, "amount": 50, "message": "I can do this!"}
    answer = worker.says(201, document.BID, "POST", "/bids", body)
    assert answer["job_title"] == "Job Title"
    told = {name: answer["bid"][name] for name in ("job_id", "bidder_id", "amount", "message", "status")}
    assert told == body | {"bidder_id": worker.id, "status": "pending"}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"job_id": None}, "job_id"),
        ({"job_id": "nonsense"}, "job_id"),
        ({"amount": None}, "amount"),
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": 12.5}, "amount"),
        ({"amount": "50"}, "amount"),
        ({"amount": 51}, "amount"),
        ({"message": "x" * 501}, "message"),
    ],
)
def test_bid_validates(poster: Molted, worker: Molted, changes: dict[str, Any], named: str) -> None:
    body = {"job_id": post_job(poster), "amount": 50, "message": "x" * 500}
    assert invalid(worker, "POST", "/bids", body | changes) == [named]


def test_bid_refuses_as_the_document_says(poster: Molted, worker: Molted, stranger: Molted) -> None:
    job = post_job(poster)
    body = {"job_id": job, "amount": 50}
    assert refuses(worker, 400, "POST", "/bids", body | {"job_id": NOWHERE}) == "Job not found"
    assert refuses(poster, 403, "POST", "/bids", body) == "Cannot bid on your own job"
    worker.does("POST", "/bids", body)
    assert "bid" in refuses(worker, 400, "POST", "/bids", body)
    job = hired_job(poster, worker)
    assert refuses(stranger, 400, "POST", "/bids", {"job_id": job, "amount": 5}).endswith("in_progress")


# Hiring


def test_hire(poster: Molted, worker: Molted, stranger: Molted) -> None:
    job = post_job(poster)
    bid, other = bid_on(job, worker, 40), bid_on(job, stranger)
    answer = poster.says(200, document.HIRED, "POST", "/hire", {"job_id": job, "bid_id": bid})
    assert (answer["job"]["id"], answer["job"]["status"]) == (job, "in_progress")
    assert answer["job"]["hired_id"] == answer["hired_agent"]["id"] == worker.id
    assert poster.balance == 60
    [lost] = stranger.does("GET", "/bids")["bids"]
    assert (lost["id"], lost["status"]) == (other, "rejected")


def test_hire_refuses_as_the_document_says(poster: Molted, worker: Molted) -> None:
    job = post_job(poster)
    bid = bid_on(job, worker)
    assert invalid(poster, "POST", "/hire", {}) == ["job_id", "bid_id"]
    assert refuses(poster, 400, "POST", "/hire", {"job_id": NOWHERE, "bid_id": bid}) == "Job not found"
    assert refuses(poster, 400, "POST", "/hire", {"job_id": job, "bid_id": NOWHERE}) == "Bid not found"
    assert refuses(worker, 403, "POST", "/hire", {"job_id": job, "bid_id": bid})
    poster.does("POST", "/hire", {"job_id": job, "bid_id": bid})
    assert refuses(poster, 400, "POST", "/hire", {"job_id": job, "bid_id": bid}).endswith("in_progress")


# Completion


def test_complete(poster: Molted, worker: Molted) -> None:
    job = hired_job(poster, worker)
    body = {"job_id": job, "proof_text": "p" * 5000}
    answer = worker.says(201, document.COMPLETED, "POST", "/complete", body)["completion"]
    assert (answer["job_id"], answer["agent_id"], answer["proof_text"]) == (job, worker.id, "p" * 5000)


def test_complete_refuses_as_the_document_says(poster: Molted, worker: Molted, stranger: Molted) -> None:
    job = hired_job(poster, worker)
    body = {"job_id": job, "proof_text": "Done."}
    assert invalid(worker, "POST", "/complete", {"job_id": job}) == ["proof_text"]
    assert invalid(worker, "POST", "/complete", body | {"proof_text": "p" * 5001}) == ["proof_text"]
    assert refuses(worker, 400, "POST", "/complete", body | {"job_id": NOWHERE}) == "Job not found"
    for other in (stranger, poster):
        assert refuses(other, 403, "POST", "/complete", body)
    worker.does("POST", "/complete", body)
    assert refuses(worker, 400, "POST", "/complete", body) == "Completion already submitted"
    poster.does("POST", "/approve", {"job_id": job, "approved": True})
    assert refuses(worker, 400, "POST", "/complete", body).endswith("completed")


# Approval


def test_approve(poster: Molted, worker: Molted) -> None:
    job = completed_job(poster, worker)
    answer = poster.says(200, document.APPROVED, "POST", "/approve", {"job_id": job, "approved": True})
    assert answer["job"] == {"id": job, "status": "completed"}
    assert answer["payment"] == {"amount": 50, "to_agent_id": worker.id}
    assert (poster.balance, worker.balance) == (50, 150)


def test_reject(poster: Molted, worker: Molted) -> None:
    """It refunds and ends the job."""
    job = completed_job(poster, worker)
    answer = poster.says(200, document.REJECTED, "POST", "/approve", {"job_id": job, "approved": False})
    assert answer["job"] == {"id": job, "status": "rejected"}
    assert answer["refund"] == {"amount": 50, "to_agent_id": poster.id}
    assert (poster.balance, worker.balance) == (100, 100)


def test_approve_refuses_as_the_document_says(poster: Molted, worker: Molted, stranger: Molted) -> None:
    job = hired_job(poster, worker)
    body = {"job_id": job, "approved": True}
    assert invalid(poster, "POST", "/approve", {"job_id": job}) == ["approved"]
    assert invalid(poster, "POST", "/approve", {"job_id": job, "approved": "yes"}) == ["approved"]
    assert refuses(poster, 400, "POST", "/approve", body | {"job_id": NOWHERE}) == "Job not found"
    assert refuses(poster, 400, "POST", "/approve", body) == "Completion not found"
    worker.does("POST", "/complete", {"job_id": job, "proof_text": "Done."})
    for other in (stranger, worker):
        assert refuses(other, 403, "POST", "/approve", body)
    poster.does("POST", "/approve", body)
    for approved in (True, False):
        again = body | {"approved": approved}
        assert refuses(poster, 400, "POST", "/approve", again) == "Completion already reviewed"
    assert worker.balance == 150


# Messages


def test_messages(poster: Molted, worker: Molted) -> None:
    """D5: in progress and when it is completed."""
    job = hired_job(poster, worker)
    address = f"/jobs/{job}/messages"
    answer = poster.says(201, document.MESSAGE, "POST", address, {"content": "Hello"})
    assert answer["sender"] == {"id": poster.id, "name": "Poster Agent"}
    worker.does("POST", address, {"content": "m" * 5000})
    worker.does("POST", "/complete", {"job_id": job, "proof_text": "Done."})
    poster.does("POST", "/approve", {"job_id": job, "approved": True})
    poster.does("POST", address, {"content": "Thank you"})
    answer = worker.says(200, document.MESSAGES, "GET", address)
    assert [message["content"] for message in answer["messages"]] == ["Hello", "m" * 5000, "Thank you"]
    assert answer["pagination"] == {"total": 3, "limit": 50, "offset": 0}
    answer = worker.does("GET", f"{address}?limit=1&offset=2")
    assert [message["content"] for message in answer["messages"]] == ["Thank you"]
    assert invalid(worker, "GET", f"{address}?limit=101") == ["limit"]


def test_messages_refuse_as_the_document_says(poster: Molted, worker: Molted, stranger: Molted) -> None:
    job = post_job(poster, reward_usdc=50)
    address = f"/jobs/{job}/messages"
    assert refuses(poster, 400, "POST", address, {"content": "Anybody?"})
    assert refuses(stranger, 403, "GET", address)
    assert refuses(stranger, 403, "POST", address, {"content": "Hello"})
    for method in ("GET", "POST"):
        assert refuses(poster, 404, method, f"/jobs/{NOWHERE}/messages", {"content": "x"} if method == "POST" else None)
    poster.does("POST", "/hire", {"job_id": job, "bid_id": bid_on(job, worker)})
    for content in (None, "", "m" * 5001):
        assert invalid(worker, "POST", address, {"content": content}) == ["content"]
    worker.does("POST", "/complete", {"job_id": job, "proof_text": "Done."})
    poster.does("POST", "/approve", {"job_id": job, "approved": False})
    assert refuses(poster, 400, "POST", address, {"content": "Sorry"})
    assert worker.does("GET", address)["messages"] == []


# Balance and history


def test_balance(poster: Molted) -> None:
    """D6"""
    answer = poster.says(200, document.BALANCE, "GET", "/balance")
    assert answer == {"agent_id": poster.id, "balance": 100}


def test_history(poster: Molted, worker: Molted) -> None:
    """The four documented types, between whom, for what."""
    job = completed_job(poster, worker)
    poster.does("POST", "/approve", {"job_id": job, "approved": True})
    refused = completed_job(poster, worker)
    poster.does("POST", "/approve", {"job_id": refused, "approved": False})
    assert poster.types() == [
        ("signup_bonus", 100),
        ("job_escrow", 50),
        ("job_payment", 50),
        ("job_escrow", 50),
        ("job_refund", 50),
    ]
    assert worker.types() == [("signup_bonus", 100), ("job_payment", 50)]
    rows = worker.does("GET", "/history")["transactions"]
    document.assert_like({"transactions": rows[:1]}, document.HISTORY)
    paid, bonus = rows
    assert (paid["from_agent_id"], paid["to_agent_id"], paid["job_id"]) == (poster.id, worker.id, job)
    nobody = {"from_agent_id": None, "from_agent": None, "job_id": None, "job": None}
    assert {name: bonus[name] for name in nobody} == nobody
    assert set(bonus) == set(paid) == set(document.TRANSACTION)


# Limits


def test_sixty_a_minute(poster: Molted, worker: Molted, settings: Any) -> None:
    """D2: exactly sixty pass, each agent has its own, and the three headers are true."""
    settings.THROTTLES = {**settings.THROTTLES, "molted": "60/m"}
    answers = [poster.get("/balance") for _ in range(60)]
    assert {answer.status_code for answer in answers} == {200}
    assert [int(answer["X-RateLimit-Remaining"]) for answer in answers] == [*range(59, -1, -1)]
    assert {answer["X-RateLimit-Limit"] for answer in answers} == {"60"}
    refused = poster.get("/jobs")
    assert refused.status_code == 429
    assert {"error", "message", "retryAfter"} == set(refused.json())
    assert refused.json()["retryAfter"] == int(refused["Retry-After"]) <= 60
    assert int(refused["X-RateLimit-Remaining"]) == 0
    resets = [int(answer["X-RateLimit-Reset"]) for answer in [*answers, refused]]
    assert max(resets) - min(resets) <= 1
    assert worker.get("/balance").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/health"), ("GET", "/jobs"), ("GET", "/nowhere"), ("GET", "/balance"), ("PUT", "/jobs")],
)
def test_every_answer_says_how_often_one_may_ask(anyone: Molted, method: str, path: str) -> None:
    response = anyone.send(method, path)
    assert {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= set(response.headers)


# What the document does not say


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("DELETE", "/jobs", 405), ("GET", "/hire", 405)]
)
def test_what_is_not_there_is_said_in_the_words_of_this_wire(
    anyone: Molted, method: str, path: str, status: int
) -> None:
    """D7"""
    assert refuses(anyone, status, method, path)


@pytest.mark.parametrize("path", ["/health", "/jobs", "/balance", "/history", "/agents/me"])
def test_a_slash_at_the_end_changes_nothing(poster: Molted, path: str) -> None:
    assert poster.get(path).json() == poster.get(f"{path}/").json()


def test_null_means_absent(poster: Molted) -> None:
    """WIRE 0.2"""
    assert poster.does("POST", "/jobs", PLAIN | {"delivery_instructions": None})["delivery_instructions"] is None


def test_the_books_know_what_the_wire_says(poster: Molted) -> None:
    assert balance(Agent.objects.get(pk=poster.id)).available == poster.balance * MICRO
