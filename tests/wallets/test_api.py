"""Wallets over HTTP (FEATURES J15, WIRE 1.4)."""

import re

import pytest
from eth_utils.address import is_checksum_address

from marketplace.money import MICRO
from tests.factories import assigned_job, completed_job, fund, make_agent
from tests.fixtures import api_for, count_queries
from tests.wallets.outside import ADDRESS
from wallets.models import Withdrawal
from wallets.rails.tasks import move_withdrawals, receive_deposits


def test_a_wallet_is_all_texts(poster, poster_api, worker):
    """WIRE 1.4: a number or a null breaks the Python SDK."""
    assigned_job(poster, worker, price=80 * MICRO)
    wallet = poster_api.get("/agents/me/wallet").json()["data"]
    assert all(isinstance(value, str) for value in wallet.values())
    assert (wallet["balanceUsdc"], wallet["heldUsdc"], wallet["agentId"]) == ("920.00", "80.00", poster.handle)
    assert wallet["balanceUsdc"] == wallet["usdcBalance"] == wallet["balance"]
    assert (wallet["status"], wallet["address"]) == ("PENDING", "")
    provisioned = poster_api.post("/agents/me/wallet/provision").json()["data"]
    assert provisioned["status"] == "PROVISIONED" and is_checksum_address(provisioned["address"])
    assert poster_api.post("/agents/me/wallet/provision").json()["data"] == provisioned
    assert poster_api.get("/agents/me/wallet").json()["data"] == provisioned


def test_transactions_tell_what_moved_and_why(poster, poster_api, worker, worker_api):
    job = completed_job(poster, worker, price=80 * MICRO, title="Wren")
    spent, deposited = poster_api.get("/agents/me/wallet/transactions").json()["data"]
    (earned,) = worker_api.get(f"/agents/{worker.pk}/wallet/transactions").json()["data"]
    assert [(t["type"], t["amount"], t["balanceAfterUsdc"], t["jobId"]) for t in (deposited, spent, earned)] == [
        ("DEPOSIT", "1000.00", "1000.00", None),
        ("ESCROW_HOLD", "-80.00", "920.00", str(job.pk)),
        ("ESCROW_RELEASE", "76.00", "76.00", str(job.pk)),
    ]
    assert "Wren" in earned["description"]
    for transaction in (deposited, spent, earned):
        assert transaction["amount"] == transaction["amountUsdc"]
        assert re.fullmatch(r"0x[0-9a-f]{64}", transaction["txHash"])
        assert isinstance(transaction["id"], str)
    assert worker_api.get(f"/jobs/{job.pk}").json()["data"]["txHash"] == earned["txHash"]


def test_the_ledger_is_paged_newest_first(poster, poster_api):
    for amount in (1, 2, 3):
        fund(poster, amount * MICRO)
    first = poster_api.get("/agents/me/wallet/transactions?limit=3").json()
    second = poster_api.get(f"/agents/me/wallet/transactions?limit=3&cursor={first['meta']['nextCursor']}").json()
    amounts = [row["amount"] for row in first["data"] + second["data"]]
    assert amounts == ["3.00", "2.00", "1.00", "1000.00"]
    assert second["meta"]["nextCursor"] is None


def test_the_owner_reads_the_wallet_of_its_agent_and_nobody_elses(poster, poster_api, worker):
    mine = make_agent(poster, funds=5 * MICRO)
    assert poster_api.get(f"/agents/{mine.handle}/wallet").json()["data"]["balance"] == "5.00"
    assert poster_api.get(f"/agents/{worker.handle}/wallet").status_code == 403
    assert poster_api.get("/agents/nobody/wallet").status_code == 404


def test_the_ledger_takes_the_same_queries_at_any_length(poster, poster_api, worker):
    counts = set()
    for _ in range(2):
        completed_job(poster, worker)
        counts.add(count_queries(poster_api, "/agents/me/wallet/transactions"))
    assert len(counts) == 1


def test_a_deposit_is_announced_and_credited(poster, poster_api):
    """J15: where to pay, and what became of it; the embedded rail pays by itself."""
    told = poster_api.post("/agents/me/wallet/deposits", {"amountUsdc": "12.50"})
    assert told.status_code == 201
    deposit = told.json()["data"]
    assert (deposit["status"], deposit["amountUsdc"], deposit["network"]) == ("AWAITING", "12.50", "embedded")
    assert deposit["payTo"] == poster_api.get("/agents/me/wallet").json()["data"]["address"]
    assert receive_deposits() == 1
    assert receive_deposits() == 0
    confirmed = poster_api.get(f"/agents/me/wallet/deposits/{deposit['id']}").json()["data"]
    assert confirmed["status"] == "CONFIRMED" and re.fullmatch("0x[0-9a-f]{64}", confirmed["txHash"])
    assert poster_api.get("/agents/me/wallet/deposits").json()["data"] == [confirmed]
    assert poster_api.get("/agents/me/wallet").json()["data"]["balance"] == "1012.50"


def test_a_withdrawal_is_followed_to_its_end(poster, poster_api):
    """J15"""
    asked = poster_api.post("/agents/me/wallet/withdraw", {"toAddress": ADDRESS, "amountUsdc": "400"})
    assert asked.status_code == 201
    withdrawal = asked.json()["data"]
    assert (withdrawal["status"], withdrawal["toAddress"], withdrawal["amount"]) == ("PENDING", ADDRESS, "400.00")
    wallet = poster_api.get("/agents/me/wallet").json()["data"]
    assert (wallet["balance"], wallet["withdrawingUsdc"]) == ("600.00", "400.00")
    move_withdrawals()
    paid = poster_api.get(f"/agents/me/wallet/withdrawals/{withdrawal['id']}").json()["data"]
    assert paid["status"] == "CONFIRMED" and paid["txHash"].startswith("0x") and paid["settledAt"]
    assert poster_api.get("/agents/me/wallet/withdrawals").json()["data"] == [paid]


@pytest.mark.parametrize("path", ["/agents/me/wallet/withdraw", "/wallets/withdraw"])
def test_a_withdrawal_sent_again_with_its_key_is_one(poster, poster_api, path):
    """L10; /wallets/withdraw is what the Python SDK calls, with the amount as a number."""
    body = {"toAddress": ADDRESS, "amount": 5, "agentId": poster.handle}
    first, again = (poster_api.post(path, body, idempotency_key="same") for _ in range(2))
    assert first.status_code == 201 and first.content == again.content
    assert poster_api.post(path, {**body, "amount": 6}, idempotency_key="same").status_code == 422
    other = api_for(make_agent(poster, funds=5 * MICRO))
    assert other.post("/agents/me/wallet/withdraw", body, idempotency_key="same").status_code == 201
    assert Withdrawal.objects.count() == 2


@pytest.mark.parametrize(
    ("amount", "field"),
    [
        (value, "amountUsdc")
        for value in (
            "1.0000001", "NaN", "Infinity", "1e6", True, False, " 5", "5 ", "5,0", "", "0", 0, -1, "-1", [], {},
            2**53 + 1, 2**63 - 1, 2**63, "9" * 10_000, 1.0000001,
        )
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["withdraw", "deposits"])
def test_an_amount_that_makes_no_sense_is_refused_by_name(poster_api, problem, path, amount, field):
    """L9, over HTTP"""
    refused = poster_api.post(f"/agents/me/wallet/{path}", {"toAddress": ADDRESS, "amountUsdc": amount})
    assert problem(refused) == (400, "VALIDATION_FAILED", [field])
    assert not Withdrawal.objects.exists()


def test_a_wrong_checksum_is_refused_by_the_name_it_was_sent_by(poster, poster_api, problem):
    wrong = "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    refused = poster_api.post("/agents/me/wallet/withdraw", {"toAddress": wrong, "amountUsdc": "5"})
    assert problem(refused) == (400, "VALIDATION_FAILED", ["toAddress"])
    refused = poster_api.post("/wallets/withdraw", {"agentId": poster.handle, "to": wrong, "amount": "5"})
    assert problem(refused) == (400, "VALIDATION_FAILED", ["to"])


@pytest.mark.parametrize("body", [{}, {"agentId": None}])
def test_a_withdrawal_whose_wallet_got_lost_is_refused(poster_api, problem, body):
    """Not taken out of the wallet of whoever happens to ask."""
    refused = poster_api.post("/wallets/withdraw", {**body, "toAddress": ADDRESS, "amount": "5"})
    assert problem(refused) == (400, "VALIDATION_FAILED", ["agentId"])


@pytest.mark.parametrize("length", [1, 163, 164, 255])
def test_a_key_may_be_as_long_as_any(poster_api, length):
    body = {"toAddress": ADDRESS, "amountUsdc": "5"}
    key = "k" * length
    answers = [poster_api.post("/agents/me/wallet/withdraw", body, idempotency_key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert Withdrawal.objects.count() == 1


def test_the_ledger_is_filtered(poster, poster_api, worker):
    """By kind, job, time and balance, with the cursor going on in what is filtered."""
    one, other = (completed_job(poster, worker, title=title) for title in ("One", "Two"))

    def amounts(query: str) -> list[str]:
        answer = poster_api.get(f"/agents/me/wallet/transactions?{query}")
        assert answer.status_code == 200, answer.content
        return [row["amount"] for row in answer.json()["data"]]

    assert amounts("type=deposit") == ["1000.00"]
    assert amounts("type=ESCROW_HOLD,deposit") == ["-80.00", "-80.00", "1000.00"]
    assert amounts(f"jobId={other.pk}") == ["-80.00"] == amounts(f"jobId={one.pk}&type=ESCROW_HOLD")
    assert amounts("until=2020-01-01") == [] and len(amounts("since=2020-01-01T00:00:00Z")) == 3
    poster_api.post("/agents/me/wallet/withdraw", {"toAddress": ADDRESS, "amountUsdc": "5"})
    assert amounts("account=withdrawing") == ["5.00"] and amounts("account=clearing") == []
    first = poster_api.get("/agents/me/wallet/transactions?type=ESCROW_HOLD&limit=1").json()
    rest = amounts(f"type=ESCROW_HOLD&limit=1&cursor={first['meta']['nextCursor']}")
    assert [row["amount"] for row in first["data"]] + rest == ["-80.00", "-80.00"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("type=GIFT", "type"),
        ("account=escrow", "account"),
        ("jobId=1", "jobId"),
        ("since=yesterday", "since"),
        ("since=0001-01-01T00:00:00%2B23:59", "since"),
        ("until=9999-12-31T23:59:59-23:59", "until"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_by_name(poster_api, problem, query, field):
    assert problem(poster_api.get(f"/agents/me/wallet/transactions?{query}")) == (400, "VALIDATION_FAILED", [field])


def test_a_tip_over_http(poster, poster_api, worker):
    job = completed_job(poster, worker)
    tipped = poster_api.post(f"/jobs/{job.pk}/tip", {"amountUsdc": "2.50"}).json()["data"]
    assert tipped["tipUsdc"] == "2.50" and "tip" not in tipped["availableActions"]
    assert poster_api.post(f"/jobs/{job.pk}/tip", {"amountUsdc": "2.50"}).status_code == 409
