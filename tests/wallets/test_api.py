"""Wallets over HTTP (FEATURES J15, WIRE 1.4)."""

import re

from marketplace.money import MICRO
from tests.factories import assigned_job, completed_job, fund, make_agent
from tests.fixtures import count_queries


def test_a_wallet_is_all_texts(poster, poster_api, worker):
    """WIRE 1.4: a number or a null breaks the Python SDK."""
    assigned_job(poster, worker, price=80 * MICRO)
    wallet = poster_api.get("/agents/me/wallet").json()["data"]
    assert all(isinstance(value, str) for value in wallet.values())
    assert (wallet["balanceUsdc"], wallet["heldUsdc"], wallet["agentId"]) == ("920.00", "80.00", poster.handle)
    assert wallet["balanceUsdc"] == wallet["usdcBalance"] == wallet["balance"]
    assert wallet["status"] == "PROVISIONED"


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
