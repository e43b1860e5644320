"""Bids over HTTP (FEATURES J9; WIRE 1.3, 1.4)."""

import pytest

from bids.models import Bid
from marketplace.money import MICRO
from tests.factories import draft_job, make_agent, make_bid, make_person, open_job
from tests.fixtures import api_for, count_queries
from wallets.queries import escrow_balance

MEMBERS = {
    *("id", "jobId", "agentId", "agent", "amount", "proposedUsdc", "coverLetter", "answers", "etaMinutes"),
    *(
        "status",
        "reason",
        "version",
        "flags",
        "score",
        "scoreParts",
        "rank",
        "competingBids",
        "sorting",
        "offeredAt",
        "createdAt",
        "updatedAt",
    ),
}


@pytest.mark.parametrize("address", ["bids", "bids/", "apply"])
@pytest.mark.parametrize("price", ["amount", "proposedUsdc", "amountUsdc", "bidAmount", "proposal"])
@pytest.mark.parametrize("text", ["coverLetter", "message", "pitch"])
def test_a_bid_in_the_words_of_any_client(poster, worker, worker_api, address, price, text):
    """WIRE 1.3, 1.4: two price names come back, `agentId` is the handle."""
    job = open_job(poster)
    response = worker_api.post(f"/jobs/{job.pk}/{address}", {price: 40.5, text: "I can.", "etaMinutes": 30})
    bid = response.json()["data"]
    assert (response.status_code, bid.keys()) == (201, MEMBERS)
    assert (bid["amount"], bid["proposedUsdc"], bid["coverLetter"], bid["etaMinutes"]) == (
        "40.50",
        "40.50",
        "I can.",
        30,
    )
    assert (bid["agentId"], bid["jobId"], bid["status"]) == (worker.handle, str(job.pk), "PENDING")


def test_the_bidder_may_be_named(poster, worker, worker_api, outsider, problem):
    address = f"/jobs/{open_job(poster).pk}/bids"
    assert problem(worker_api.post(address, {"amount": "5", "agentId": "nobody"})) == (
        400,
        "VALIDATION_FAILED",
        ["agentId"],
    )
    assert problem(worker_api.post(address, {"amount": "5", "agentId": outsider.handle}))[0] == 403
    assert worker_api.post(address, {"amount": "5", "agentId": str(worker.pk)}).status_code == 201


def test_the_owner_bids_for_its_agent(poster):
    owner = make_person("Olga")
    worker = make_agent(owner)
    owner_api = api_for(owner)
    bid = owner_api.post(f"/jobs/{open_job(poster).pk}/bids", {"amount": "5", "agentId": worker.handle}).json()["data"]
    assert bid["agentId"] == worker.handle
    assert owner_api.delete(f"/jobs/{bid['jobId']}/bids/{bid['id']}").status_code == 200


def test_bidders_read_their_own_offer_alone(poster, worker, worker_api, outsider_api, poster_api):
    """J9: bids visible to the caller; a rival's price is nobody's business (M3)."""
    job = open_job(poster)
    make_bid(job, worker, 70 * MICRO)
    make_bid(job, make_agent(), 60 * MICRO)
    address = f"/jobs/{job.pk}/bids"
    assert [bid["amount"] for bid in poster_api.get(address).json()["data"]] == ["60.00", "70.00"]
    assert [bid["amount"] for bid in worker_api.get(address).json()["data"]] == ["70.00"]
    assert outsider_api.get(address).json()["data"] == []
    told = worker_api.get(f"/jobs/{job.pk}/events").text + outsider_api.get(f"/jobs/{job.pk}/events").text
    assert "70.00" in told
    assert "60.00" not in told


def test_an_accepted_bid_comes_with_its_job(poster, poster_api, worker):
    job = open_job(poster)
    bid = make_bid(job, worker, 80 * MICRO)
    response = poster_api.post(f"/jobs/{job.pk}/bids/{bid.pk}/accept")
    accepted = response.json()["data"]
    assert (response.status_code, accepted["status"]) == (200, "ACCEPTED")
    assert (accepted["job"]["status"], accepted["job"]["agentId"]) == ("ASSIGNED", worker.handle)
    assert (accepted["job"]["escrowFunded"], accepted["job"]["priceUsdc"]) == (True, "80.00")
    assert escrow_balance(job) == 80 * MICRO
    again = poster_api.post(f"/jobs/{job.pk}/bids/{bid.pk}/accept")
    assert (again.status_code, again.json()["currentStatus"]) == (409, "ASSIGNED")


def test_a_withdrawn_bid_is_answered_with_a_body(poster, worker, worker_api):
    """WIRE 0.3: never 204; clients print `message`."""
    job = open_job(poster)
    bid = make_bid(job, worker)
    response = worker_api.delete(f"/jobs/{job.pk}/bids/{bid.pk}", {"reason": "Busy."})
    withdrawn = response.json()["data"]
    assert (response.status_code, withdrawn["status"], withdrawn["reason"]) == (200, "WITHDRAWN", "Busy.")
    assert withdrawn["message"]
    assert worker_api.delete(f"/jobs/{job.pk}/bids/{bid.pk}").status_code == 409


def test_a_bid_is_found_on_its_own_job_alone(poster, poster_api, worker):
    bid = make_bid(open_job(poster), worker)
    other = open_job(poster)
    assert poster_api.post(f"/jobs/{other.pk}/bids/{bid.pk}/accept").status_code == 404
    assert Bid.objects.get(pk=bid.pk).status == "PENDING"


def test_an_agent_is_hired_at_its_bid_or_at_the_budget(poster, poster_api, worker, problem):
    """PATCH …/assign, and POST for those that fall back to it."""
    with_bid, without = open_job(poster), open_job(poster)
    make_bid(with_bid, worker, 80 * MICRO)
    hired = poster_api.patch(f"/jobs/{with_bid.pk}/assign", {"agentId": worker.handle}).json()["data"]
    assert (hired["status"], hired["priceUsdc"], hired["assignedAgentId"]) == ("ASSIGNED", "80.00", worker.handle)
    hired = poster_api.post(f"/jobs/{without.pk}/assign", {"agentId": str(worker.pk)}).json()["data"]
    assert (hired["status"], hired["priceUsdc"]) == ("ASSIGNED", "100.00")
    assert problem(poster_api.patch(f"/jobs/{without.pk}/assign", {}))[2] == ["agentId"]


def test_a_draft_has_no_bidders(poster, worker_api):
    assert worker_api.post(f"/jobs/{draft_job(poster).pk}/bids", {"amount": "5"}).status_code == 404


def test_the_list_takes_the_same_queries_at_any_length(poster, poster_api):
    job = open_job(poster)
    counts = set()
    for _ in range(2):
        make_bid(job, make_agent())
        counts.add(count_queries(poster_api, f"/jobs/{job.pk}/bids"))
    assert len(counts) == 1
