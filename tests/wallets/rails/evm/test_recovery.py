"""What an operator sees and does when the hot wallet's key was used elsewhere, or a backup was restored."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from web3 import Web3

from tests.wallets.rails.evm.conftest import CONFIRMATIONS, HOT_WALLET, HOT_WALLET_KEY, USDC
from tests.wallets.rails.evm.node import GWEI, Money, Node
from tests.wallets.rails.evm.test_withdrawals import prepare
from wallets.models import Withdrawal
from wallets.rails.base import Outcome, RailUnavailable, Verdict
from wallets.rails.evm.models import HotWallet
from wallets.rails.evm.rail import EvmRail

pytestmark = pytest.mark.django_db


@pytest.fixture
def prepared(rail: EvmRail, withdraw) -> Withdrawal:
    prepare(rail, payout := withdraw())
    return payout


def use_nonce_elsewhere(node: Node, money: Money, *, pay: str, amount: int = 10 * USDC, nonce: int = 0) -> str:
    """As somebody would who has the key; or as we did, if a backup without the newest hashes was restored."""
    web3 = Web3(node)
    call = web3.eth.contract(address=money.address, abi=money.compiled["abi"]).encode_abi("transfer", [pay, amount])
    fields = {"to": money.address, "data": call, "value": 0, "gas": 200_000, "chainId": money.chain_id, "nonce": nonce}
    fees = {"maxFeePerGas": 9 * GWEI, "maxPriorityFeePerGas": 2 * GWEI}
    signed = web3.eth.account.from_key(HOT_WALLET_KEY).sign_transaction({**fields, **fees})
    hash = web3.eth.send_raw_transaction(signed.raw_transaction).to_0x_hex()
    node.mine()
    return hash


def hot_wallet(*arguments: str) -> str:
    output = StringIO()
    call_command("hot_wallet", *arguments, stdout=output)
    return output.getvalue()


def test_a_nonce_used_elsewhere_stops_the_payout_and_tells_the_operator(rail, node, money, prepared):
    use_nonce_elsewhere(node, money, pay=money.issuer)
    for ask in (rail.send, rail.outcome):
        with pytest.raises(RailUnavailable, match=r"can never be mined.*manage\.py hot_wallet --adopt HASH"):
            ask(prepared)


def test_an_adopted_transaction_that_paid_it_counts_as_the_payout(rail, node, money, prepared):
    hash = use_nonce_elsewhere(node, money, pay=prepared.address)
    assert hash in hot_wallet("--adopt", hash)
    assert rail.send(prepared) == hash
    node.mine(CONFIRMATIONS)
    assert rail.outcome(prepared) == Outcome(Verdict.PAID, hash)
    assert money.of(prepared.address) == 10 * USDC


@pytest.mark.parametrize("what", ["somebody else", "another amount"])
def test_an_adopted_transaction_that_did_something_else_refuses_the_payout(rail, node, money, prepared, what):
    elsewhere = {"pay": money.issuer} if what == "somebody else" else {"pay": prepared.address, "amount": 9 * USDC}
    hash = use_nonce_elsewhere(node, money, **elsewhere)
    hot_wallet("--adopt", hash)
    node.mine(CONFIRMATIONS)
    assert rail.outcome(prepared).verdict == Verdict.REFUSED


def test_only_a_transaction_of_that_account_is_adopted(rail, money, prepared):
    for hash in (money.mint(HOT_WALLET, 1), "0x" + "ab" * 32):
        with pytest.raises(CommandError, match=f"{hash} is no transaction of the hot wallet {HOT_WALLET}"):
            hot_wallet("--adopt", hash)


def test_a_payout_that_a_restored_backup_knows_nothing_of_is_not_paid_again(rail, node, money, withdraw):
    payout = withdraw()
    hash = use_nonce_elsewhere(node, money, pay=payout.address)
    with pytest.raises(CommandError, match="Nothing has nonce 0 here: name the withdrawal"):
        hot_wallet("--adopt", hash)
    hot_wallet("--adopt", hash, "--withdrawal", str(payout.pk))
    assert prepare(rail, payout).nonce == 0
    assert rail.send(payout) == hash
    assert prepare(rail, withdraw()).nonce == 1
    node.mine(CONFIRMATIONS)
    assert rail.outcome(payout) == Outcome(Verdict.PAID, hash)
    assert money.of(payout.address) == 10 * USDC


def test_an_adopted_transaction_that_vanishes_is_waited_for(rail, node, money, withdraw):
    payout = withdraw()
    with node.reorganised():
        hash = use_nonce_elsewhere(node, money, pay=payout.address)
        hot_wallet("--adopt", hash, "--withdrawal", str(payout.pk))
    with pytest.raises(RailUnavailable, match="adopted transaction with nonce 0 is not on the chain"):
        rail.outcome(payout)


@pytest.mark.parametrize("number", ["7", "01a20183-5ed0-7331-b6a9-5be166158b94"])
def test_a_withdrawal_that_is_not_there_is_told(rail, money, number):
    with pytest.raises(CommandError):
        hot_wallet("--adopt", "0x" + "ab" * 32, "--withdrawal", number)


def test_after_a_restored_backup_the_nonces_used_since_are_passed_over(rail, node, money, prepared, withdraw):
    use_nonce_elsewhere(node, money, pay=prepared.address)
    use_nonce_elsewhere(node, money, pay=money.issuer, nonce=1)
    assert "next nonce  2 here, 2 on the chain" in hot_wallet("--catch-up")
    assert prepare(rail, withdraw()).nonce == 2
    assert "next nonce  3 here, 2 on the chain" in hot_wallet("--catch-up")
    assert HotWallet.objects.get().next_nonce == 3


def test_the_report_shows_what_there_is_and_what_waits(rail, node, prepared):
    text = hot_wallet()
    assert f"Hot wallet {HOT_WALLET}" in text and "USDC        1000.00" in text and "for gas     1.000000" in text
    assert f"Nonce 0: withdrawal {prepared.pk}" in text and "is unknown to the node" in text
    hash = rail.send(prepared)
    assert f"{hash} waits" in hot_wallet()
    node.mine()
    assert f"{hash} is mined" in hot_wallet()
    node.mine(CONFIRMATIONS)
    rail.outcome(prepared)
    assert "Nonce 0" not in hot_wallet()


def test_a_rail_that_is_not_there_is_told(rail):
    for command in ("hot_wallet", "sweep_deposits"):
        with pytest.raises(CommandError, match="no rail 'polygon' on a chain"):
            call_command(command, "--rail", "polygon")
