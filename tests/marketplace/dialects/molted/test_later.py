"""The later generation, as its command-line client speaks it (WIRE 5.1, 5.2): the key's prefix decides."""

import re
from typing import Any

import pytest

from tests.marketplace.dialects.molted import document
from tests.marketplace.dialects.molted.market import (
    PLAIN,
    WALLET,
    Molted,
    completed_job,
    hired_job,
    post_job,
    register,
)

NOWHERE = "01a200e4-5f3c-7696-b7e6-b0b5a524dbbf"


def test_registering_with_a_wallet_address_yields_a_later_key(anyone: Molted) -> None:
    body = {"name": "Quill", "wallet_address": WALLET.lower()}
    answer = anyone.says(201, document.LATER_REGISTERED, "POST", "/agents/register", body)
    assert re.fullmatch("ab_[0-9a-f]{32}", answer["api_key"])
    assert answer["api_key_prefix"] == answer["api_key"][:7]
    assert answer["wallet_address"] == WALLET
    assert answer["balance"] == 100


def test_null_for_a_wallet_address_is_none(anyone: Molted) -> None:
    answer = anyone.says(
        201, document.REGISTERED, "POST", "/agents/register", {"name": "Quill", "wallet_address": None}
    )
    assert answer["api_key"].startswith("mw_")


@pytest.mark.parametrize("address", ["0x1234", "0x" + "0" * 40, "0x52908400098527886e0F7030069857D2E4169EE7", 5, ""])
def test_a_wrong_wallet_address_is_named_in_a_map(anyone: Molted, address: Any) -> None:
    """A list in `details` crashes the client."""
    response = anyone.post("/agents/register", {"name": "Quill", "wallet_address": address})
    assert response.status_code == 400
    [(named, [message])] = response.json()["details"].items()
    assert (named, bool(message)) == ("wallet_address", True)


def test_details_are_a_map(later_poster: Molted) -> None:
    body = {"title": "", "reward_usdc": -1}
    answer = later_poster.send("POST", "/jobs", body).json()
    assert answer["error"] == "Validation failed"
    assert set(answer["details"]) == {"title", "reward_usdc", "description_short", "description_full"}
    assert all(isinstance(message, str) for messages in answer["details"].values() for message in messages)


def test_me(later_poster: Molted) -> None:
    answer = later_poster.says(200, document.ME, "GET", "/agents/me")
    assert (answer["id"], answer["wallet_address"]) == (later_poster.id, WALLET)
    assert answer["api_key_prefix"] == later_poster.key[:7]


def test_wallet(poster: Molted) -> None:
    """One's own, or where one pays in here."""
    provisioned = poster.does("GET", "/agents/wallet")["wallet_address"]
    assert re.fullmatch("0x[0-9a-fA-F]{40}", provisioned)
    assert provisioned != WALLET
    for method in ("PATCH", "PUT"):
        answer = poster.does(method, "/agents/wallet", {"wallet_address": WALLET.lower()})
        assert answer == {"agent_id": poster.id, "wallet_address": WALLET}
    assert poster.does("GET", "/agents/wallet")["wallet_address"] == WALLET
    assert poster.send("PATCH", "/agents/wallet", {"wallet_address": "0x1"}).status_code == 400


def test_jobs_say_what_became_of_their_money(later_poster: Molted, later_worker: Molted) -> None:
    answer = later_poster.says(201, document.LATER_POSTED, "POST", "/jobs", PLAIN)
    job = answer["id"]
    answer = later_worker.says(200, document.LATER_JOB, "GET", f"/jobs/{job}")
    assert (answer["payment_status"], answer["payment_tx_hash"]) == ("pending", None)
    later_worker.says(
        200, {"jobs": [document.LATER_JOB], "pagination": document.PAGINATION}, "GET", "/jobs?status=open"
    )
    job = completed_job(later_poster, later_worker)
    later_poster.does("POST", "/approve", {"job_id": job, "approved": True})
    answer = later_worker.does("GET", f"/jobs/{job}")
    assert answer["payment_status"] == "paid"
    assert re.fullmatch("0x[0-9a-f]{64}", answer["payment_tx_hash"])
    assert answer["hired_id"] == answer["hired"]["id"] == later_worker.id


def test_a_bid_without_an_amount_is_at_the_reward(later_poster: Molted, later_worker: Molted) -> None:
    job = post_job(later_poster, reward_usdc=12.5)
    body = {"job_id": job, "message": "m" * 1000}
    answer = later_worker.says(201, document.LATER_BID, "POST", "/bids", body)
    assert (answer["amount"], answer["bid"]["amount"]) == (12.5, 12.5)
    body["message"] += "m"
    assert later_worker.send("POST", "/bids", body).status_code == 400


def test_bids_are_listed(later_poster: Molted, later_worker: Molted, stranger: Molted) -> None:
    """All on a job for its poster, one's own for everybody else."""
    job = post_job(later_poster)
    for bidder in (later_worker, stranger):
        bidder.does("POST", "/bids", {"job_id": job, "amount": 50})
    shape = {"bids": [{**document.BID["bid"], "bidder": document.POSTER}], "pagination": document.PAGINATION}
    answer = later_poster.says(200, shape, "GET", f"/bids?job_id={job}")
    assert [bid["bidder"]["name"] for bid in answer["bids"]] == ["Stranger", "Later Worker"]
    for query in (f"?job_id={job}", ""):
        answer = later_worker.says(200, shape, "GET", f"/bids{query}")
        assert [bid["bidder_id"] for bid in answer["bids"]] == [later_worker.id]
    assert later_poster.does("GET", "/bids")["bids"] == []
    assert later_poster.get(f"/bids?job_id={NOWHERE}").status_code == 404


def test_hire_and_complete_are_flat_besides(later_poster: Molted, later_worker: Molted) -> None:
    job = post_job(later_poster)
    bid = later_worker.does("POST", "/bids", {"job_id": job})["id"]
    answer = later_poster.says(200, document.LATER_HIRED, "POST", "/hire", {"job_id": job, "bid_id": bid})
    assert answer["hired_agent"]["wallet_address"] == WALLET
    body = {"job_id": job, "proof_text": "p" * 10_000}
    answer = later_worker.says(201, document.LATER_COMPLETED, "POST", "/complete", body)
    assert answer["id"] == answer["completion"]["id"]


def test_an_approval_has_no_payment(later_poster: Molted, later_worker: Molted) -> None:
    """The client takes any `payment`, null too, for a demand to pay on a chain."""
    job = completed_job(later_poster, later_worker)
    answer = later_poster.says(200, document.LATER_APPROVED, "POST", "/approve", {"job_id": job, "approved": True})
    assert "payment" not in answer
    assert (answer["amount_usdc"], answer["paid_to"]) == (50, WALLET)
    assert re.fullmatch("0x[0-9a-f]{64}", answer["payment_tx_hash"])


def test_a_rejection_has_a_refund(later_poster: Molted, later_worker: Molted) -> None:
    job = completed_job(later_poster, later_worker)
    answer = later_poster.says(200, document.LATER_REJECTED, "POST", "/approve", {"job_id": job, "approved": False})
    assert (answer["refund"]["amount"], answer["approved"]) == (50, False)
    assert later_poster.balance == 100


def test_history_has_names_on_both_sides(later_poster: Molted, later_worker: Molted) -> None:
    hired_job(later_poster, later_worker)
    rows = later_poster.does("GET", "/history")["transactions"]
    for row in rows:
        assert set(row) == set(document.LATER_TRANSACTION)
        assert row["from_agent"]["name"]
        assert row["to_agent"]["name"]
        assert row["amount"] == row["amount_usdc"] == row["usdc_amount"]
        assert re.fullmatch("0x[0-9a-f]{64}", row["tx_hash"])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/bids", {"job_id": NOWHERE}),
        ("/hire", {"job_id": NOWHERE, "bid_id": NOWHERE}),
        ("/complete", {"job_id": NOWHERE, "proof_text": "x"}),
        ("/approve", {"job_id": NOWHERE, "approved": True}),
    ],
)
def test_a_missing_job_is_404(later_poster: Molted, path: str, body: Any) -> None:
    response = later_poster.post(path, body)
    assert (response.status_code, response.json()) == (404, {"error": "Job not found"})


def test_too_little_money_is_not_402(later_poster: Molted) -> None:
    """That would be a demand to pay."""
    assert later_poster.post("/jobs", PLAIN | {"reward_usdc": 1000}).status_code == 400


def test_one_key_speaks_both(poster: Molted, worker: Molted) -> None:
    """The same agent is answered in the generation of the prefix that it uses."""
    later = Molted("ab_" + poster.key.removeprefix("mw_"), poster.id)
    job = post_job(poster)
    assert "payment_status" not in poster.does("GET", f"/jobs/{job}")
    assert "payment_status" in later.does("GET", f"/jobs/{job}")


def test_reputation_goes_from_0_to_5(later_poster: Molted, later_worker: Molted) -> None:
    """Five a completed job, two less for one that failed, a job."""
    scores = []
    for approved in (True, False, False, False):
        job = completed_job(later_poster, later_worker)
        later_poster.does("POST", "/approve", {"job_id": job, "approved": approved})
        answer = later_worker.does("GET", "/agents/me")
        scores.append((answer["reputation_score"], answer["total_jobs_completed"], answer["total_jobs_failed"]))
        if approved:
            # What was paid comes back, so that there is a next time.
            back = completed_job(later_worker, later_poster)
            later_worker.does("POST", "/approve", {"job_id": back, "approved": True})
    assert scores == [(5, 1, 0), (1.5, 1, 1), (0.33, 1, 2), (0, 1, 3)]


def test_the_prefix_of_the_key_alone_decides_for_register(later_poster: Molted) -> None:
    """Even one who has a later key gets what it asks for."""
    assert register("Plain").key.startswith("mw_")
    answer = later_poster.does("POST", "/agents/register", {"name": "Plain"})
    assert answer["api_key"].startswith("mw_")
