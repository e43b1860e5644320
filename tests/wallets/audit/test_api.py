"""GET /v1/audit: anybody can see that the marketplace has what it owes."""

import pytest
from django.db import connection

from tests.factories import FUNDS, assigned_job, completed_job, fund, make_agent, make_person
from tests.fixtures import count_queries
from wallets.audit.models import Seal
from wallets.audit.seals import seal_transfers
from wallets.audit.services import audit_books
from wallets.models import Account

pytestmark = pytest.mark.django_db


@pytest.fixture
def market():
    """1,000 USDC came in; 80 are held, and of 80 that were paid 4 are the fee."""
    poster, worker = make_person(funds=FUNDS), make_agent()
    completed_job(poster, worker)
    assigned_job(poster, worker)
    return seal_transfers()


def test_before_anything_moved_there_is_nothing_to_prove(anonymous_api):
    proof = anonymous_api.get("/audit").json()["data"]
    assert (proof["assetsUsdc"], proof["liabilitiesUsdc"], proof["feesUsdc"]) == ("0.00", "0.00", "0.00")
    assert (proof["asOf"], proof["lastSeal"], proof["lastAudit"], proof["balanced"]) == (None, None, None, True)


def test_anybody_reads_assets_liabilities_and_fees(anonymous_api, market):
    proof = anonymous_api.get("/audit").json()["data"]
    assert proof["assetsUsdc"] == "1000.00"
    assert proof["cameIn"] == {
        "depositsUsdc": "1000.00",
        "withdrawalsUsdc": "0.00",
        "bonusesUsdc": "0.00",
        "adjustmentsUsdc": "0.00",
    }
    assert proof["liabilitiesUsdc"] == "996.00"
    assert proof["owed"] == {
        "availableUsdc": "916.00",
        "clearingUsdc": "0.00",
        "withdrawingUsdc": "0.00",
        "escrowUsdc": "80.00",
    }
    assert (proof["feesUsdc"], proof["balanced"]) == ("4.00", True)
    assert set(proof["totalsUsdc"]) == set(Account.Kind.values)
    assert (proof["totalsUsdc"]["DEPOSITS"], proof["totalsUsdc"]["ESCROW"]) == ("-1000.00", "80.00")


def test_the_proof_names_the_last_seal_and_the_last_audit(anonymous_api, market):
    audit = audit_books()
    proof = anonymous_api.get("/audit").json()["data"]
    assert {name: proof["lastSeal"][name] for name in ("number", "root", "hash", "previousHash", "transfers")} == {
        "number": 1,
        "root": market.root,
        "hash": market.hash,
        "previousHash": "0" * 64,
        "transfers": 4,
    }
    assert proof["lastAudit"] | {"at": None} == {
        "at": None,
        "sound": True,
        "entries": audit.entries,
        "checks": len(audit.outcomes),
    }


def test_balances_that_no_entry_explains_are_not_balanced(anonymous_api, market):
    """The two sides come from different data: entries and balances."""
    fund(make_person(), 1)
    raise_balances(by=7)
    seal_transfers()
    raise_balances(by=-7)
    proof = anonymous_api.get("/audit").json()["data"]
    assert not proof["balanced"]
    assert (proof["assetsUsdc"], proof["liabilitiesUsdc"], proof["feesUsdc"]) == ("1000.000001", "996.000008", "4.00")


def raise_balances(by: int) -> None:
    """As somebody with the rights of the database's owner could."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE wallets_account SET balance = balance + %s WHERE kind = 'ESCROW' AND balance > 0", [by])
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_the_proof_stands_still_between_seals(anonymous_api, market):
    before = anonymous_api.get("/audit").json()["data"]
    fund(make_person(), FUNDS)
    assert anonymous_api.get("/audit").json()["data"] == before


def test_anybody_keeps_a_copy_of_the_chain(anonymous_api):
    person = make_person()
    for _ in range(3):
        fund(person, 1)
        seal_transfers()
    pages = anonymous_api.get("/audit/seals?limit=2").json()
    rest = anonymous_api.get(f"/audit/seals?limit=2&cursor={pages['meta']['nextCursor']}").json()
    chain = pages["data"] + rest["data"]
    assert [link["number"] for link in chain] == [3, 2, 1]
    assert [link["previousHash"] for link in chain] == [chain[1]["hash"], chain[2]["hash"], "0" * 64]
    assert chain[0]["statement"] == Seal.objects.get(number=3).statement
    assert (chain[0]["totalsUsdc"]["AVAILABLE"], chain[0]["balancesUsdc"]["AVAILABLE"]) == ("0.000003", "0.000003")


@pytest.mark.parametrize("address", ["/audit", "/audit/seals"])
def test_the_proof_costs_the_same_however_much_moved(poster_api, poster, address):
    costs = []
    for deals in (1, 3):
        for _ in range(deals):
            fund(poster, 1)
            seal_transfers()
        costs.append(count_queries(poster_api, address))
    assert costs[0] == costs[1]
