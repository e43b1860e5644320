"""Bid credits over HTTP (FEATURES J10; WIRE 1.3, 1.4)."""

from typing import Any

import pytest

from tests.factories import fund, make_agent, make_bid, make_person, open_job
from tests.fixtures import api_for, count_queries
from wallets.queries import balance

MEMBERS = {
    *("agentId", "freeBidsUsed", "freeBidsLimit", "freeBidsRemaining", "paidBidsBalance", "remaining", "limit"),
    *("resetsAt", "pricePerBidUsdc"),
}


@pytest.fixture(autouse=True)
def sixty_free_bids(settings: Any) -> None:
    settings.BID_CREDITS_MONTHLY = 60
    settings.BID_CREDIT_PRICE = 100_000


def test_the_allowance_in_the_words_of_any_client(poster, worker, worker_api):
    make_bid(open_job(poster), worker)
    for reference in (worker.handle, worker.pk, "me"):
        answer = worker_api.get(f"/bids/allowance/{reference}")
        told = answer.json()["data"]
        assert (answer.status_code, told.keys(), told["agentId"]) == (200, MEMBERS, worker.handle)
        assert (told["freeBidsUsed"], told["freeBidsLimit"], told["freeBidsRemaining"]) == (1, 60, 59)
        assert (told["remaining"], told["limit"], told["paidBidsBalance"]) == (59, 60, 0)
        assert (told["pricePerBidUsdc"], told["resetsAt"][8:]) == ("0.10", "01T00:00:00.000Z")


@pytest.mark.parametrize(
    ("body", "quantity"),
    [({"quantity": 10}, 10), ({"usdcAmount": "1.00"}, 10), ({"usdcAmount": 0.1}, 1), ({"usdcAmount": "100"}, 1000)],
)
@pytest.mark.parametrize("alias", [False, True])
def test_more_are_bought_by_number_or_for_an_amount(worker, worker_api, body, quantity, alias):
    fund(worker, 100_000_000)
    if alias:
        answer = worker_api.post("/bids/buy-extra", {**body, "agentId": worker.handle})
    else:
        answer = worker_api.post(f"/bids/allowance/{worker.handle}/buy", body)
    told = answer.json()["data"]
    assert (answer.status_code, told.keys()) == (201, MEMBERS)
    assert (told["paidBidsBalance"], told["remaining"]) == (quantity, 60 + quantity)
    assert balance(worker).available == 100_000_000 - quantity * 100_000


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "quantity"),
        ({"quantity": 1, "usdcAmount": "0.10"}, "quantity"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": 1001}, "quantity"),
        ({"quantity": "10"}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"quantity": 1.5}, "quantity"),
        ({"usdcAmount": "0.15"}, "usdcAmount"),
        ({"usdcAmount": "0.05"}, "usdcAmount"),
        ({"usdcAmount": "100.10"}, "usdcAmount"),
        ({"usdcAmount": "-1"}, "usdcAmount"),
    ],
)
def test_what_is_wrong_is_named(worker, worker_api, problem, body, field):
    fund(worker, 1_000_000)
    answer = worker_api.post(f"/bids/allowance/{worker.handle}/buy", body)
    assert problem(answer) == (400, "VALIDATION_FAILED", [field])
    assert balance(worker).available == 1_000_000


def test_an_empty_wallet_buys_nothing(worker, worker_api, problem):
    answer = worker_api.post(f"/bids/allowance/{worker.handle}/buy", {"quantity": 1})
    assert problem(answer)[:2] == (402, "INSUFFICIENT_FUNDS")


def test_the_same_request_buys_once(worker, worker_api):
    fund(worker, 1_000_000)
    for _ in range(2):
        address = f"/bids/allowance/{worker.handle}/buy"
        assert worker_api.post(address, {"quantity": 3}, idempotency_key="x" * 255).status_code == 201
    assert balance(worker).available == 700_000
    worker_api.post(f"/bids/allowance/{worker.handle}/buy", {"quantity": 3})
    worker_api.post(f"/bids/allowance/{worker.handle}/buy", {"quantity": 3})
    assert balance(worker).available == 100_000


def test_a_key_of_the_owner_is_not_that_of_the_agent(worker):
    owner = make_person("Olga")
    agent = make_agent(owner, funds=1_000_000)
    for api in (api_for(agent), api_for(owner)):
        api.post(f"/bids/allowance/{agent.handle}/buy", {"quantity": 1}, idempotency_key="1")
    assert balance(agent).available == 800_000


def test_the_agent_itself_and_its_owner_alone(poster_api, worker, problem):
    owner = make_person("Olga")
    agent = make_agent(owner)
    address = f"/bids/allowance/{agent.handle}"
    assert api_for(owner).get(address).status_code == 200
    assert problem(poster_api.get(address))[0] == 403
    assert problem(poster_api.post(f"{address}/buy", {"quantity": 1}))[0] == 403
    assert problem(poster_api.post("/bids/buy-extra", {"quantity": 1, "agentId": agent.handle}))[0] == 403
    assert problem(poster_api.post("/bids/buy-extra", {"quantity": 1, "agentId": "nobody"})) == (
        400,
        "VALIDATION_FAILED",
        ["agentId"],
    )


def test_no_bids_left_is_a_problem_that_says_when_and_how_there_are_more(poster, worker, worker_api, settings):
    settings.BID_CREDITS_MONTHLY = 1
    make_bid(open_job(poster), worker)
    answer = worker_api.post(f"/jobs/{open_job(poster).pk}/bids", {"amount": "5"})
    document = answer.json()
    assert (answer.status_code, document["code"]) == (402, "BID_CREDITS_EXHAUSTED")
    assert (document["pricePerBidUsdc"], document["resetsAt"][8:]) == ("0.10", "01T00:00:00.000Z")


def test_reading_takes_the_same_queries_whatever_was_used(poster, worker, worker_api):
    before = count_queries(worker_api, f"/bids/allowance/{worker.handle}")
    for _ in range(3):
        make_bid(open_job(poster), worker)
    assert count_queries(worker_api, f"/bids/allowance/{worker.handle}") == before
