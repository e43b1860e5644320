"""Withdrawals on a chain: paid once, whatever is lost, killed, reorganised or stuck on the way."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone
from web3 import Web3

from tests.wallets.rails.evm.conftest import (
    CONFIRMATIONS,
    ETHER,
    HOT_WALLET,
    HOT_WALLET_KEY,
    MNEMONIC,
    USDC,
    NewRail,
    Withdraw,
)
from tests.wallets.rails.evm.node import GWEI, Money, Node
from wallets.models import DepositAddress, Withdrawal
from wallets.rails.base import Outcome, PayoutRefused, RailUnavailable, Verdict
from wallets.rails.evm.models import ChainTransaction, HotWallet, SignedTransaction
from wallets.rails.evm.rail import EvmRail
from wallets.rails.services import move_withdrawal

pytestmark = pytest.mark.django_db

AMOUNT = 10 * USDC


@pytest.fixture
def withdrawal(withdraw: Withdraw) -> Withdrawal:
    return withdraw(AMOUNT)


@pytest.fixture
def prepared(rail: EvmRail, withdrawal: Withdrawal) -> Withdrawal:
    prepare(rail, withdrawal)
    return withdrawal


def prepare(rail: EvmRail, withdrawal: Withdrawal) -> ChainTransaction:
    with transaction.atomic():
        rail.prepare(withdrawal)
    return ChainTransaction.objects.get(withdrawal=withdrawal)


def final_outcome(rail: EvmRail, node: Node, withdrawal: Withdrawal) -> Outcome:
    """After everything that waits was mined and has its confirmations."""
    node.mine(CONFIRMATIONS)
    return rail.outcome(withdrawal)


def signatures(withdrawal: Withdrawal) -> list[SignedTransaction]:
    return list(SignedTransaction.objects.filter(transaction__withdrawal=withdrawal).order_by("id"))


def lose_patience() -> None:
    """Makes everything that was sent look older than any patience."""
    SignedTransaction.objects.exclude(broadcast_at=None).update(broadcast_at=timezone.now() - timedelta(days=1))


# The plain way


def test_a_payout_is_paid_once_it_has_its_confirmations_and_not_before(rail, node, money, prepared):
    hash = rail.send(prepared)
    assert rail.outcome(prepared) == Outcome(Verdict.WAITING, hash)
    for _ in range(CONFIRMATIONS - 1):
        node.mine()
        assert rail.outcome(prepared) == Outcome(Verdict.WAITING, hash)
    node.mine()
    assert rail.outcome(prepared) == Outcome(Verdict.PAID, hash)
    assert money.of(prepared.address) == AMOUNT
    assert ChainTransaction.objects.get(withdrawal=prepared).settled_at is not None


def test_the_services_take_a_withdrawal_through_to_the_end(rail, node, money, withdrawal):
    for _ in range(3):
        withdrawal.refresh_from_db()
        move_withdrawal(withdrawal)
        node.mine(CONFIRMATIONS)
    withdrawal.refresh_from_db()
    assert withdrawal.status == Withdrawal.Status.CONFIRMED
    assert money.of(withdrawal.address) == AMOUNT


def test_signed_bytes_are_stored_before_anything_is_sent(node, prepared):
    [signed] = signatures(prepared)
    assert Web3.to_hex(Web3.keccak(bytes(signed.raw))) == signed.hash
    assert signed.broadcast_at is None
    assert node.asked["eth_sendRawTransaction"] == 0


def test_preparing_again_changes_nothing(rail, prepared):
    before = signatures(prepared)
    prepare(rail, prepared)
    assert signatures(prepared) == before
    assert HotWallet.objects.get().next_nonce == 1


def test_preparing_needs_the_node_only_the_very_first_time(rail, node, withdraw):
    prepare(rail, withdraw())
    node.down = True
    assert prepare(rail, withdraw()).nonce == 1


def test_the_first_nonce_is_the_chains_if_the_account_was_used_before(node, money, rail, withdraw):
    account = Web3(node).eth.account.from_key(HOT_WALLET_KEY)
    for nonce in range(2):
        call = {"to": money.issuer, "value": 1, "gas": 21000, "nonce": nonce, "chainId": money.chain_id}
        fees = {"maxFeePerGas": 5 * GWEI, "maxPriorityFeePerGas": 2 * GWEI}
        Web3(node).eth.send_raw_transaction(account.sign_transaction({**call, **fees}).raw_transaction)
    assert prepare(rail, withdraw()).nonce == 2


def test_a_nonce_goes_back_with_the_transaction_that_took_it(rail, withdraw):
    prepare(rail, withdraw())
    with pytest.raises(RuntimeError), transaction.atomic():
        rail.prepare(withdraw())
        raise RuntimeError
    assert prepare(rail, withdraw()).nonce == 1


def test_payouts_sent_out_of_order_are_all_paid(rail, node, money, withdraw):
    payouts = [withdraw() for _ in range(3)]
    for payout in payouts:
        prepare(rail, payout)
    for payout in reversed(payouts):
        rail.send(payout)
    assert [final_outcome(rail, node, payout).verdict for payout in payouts] == [Verdict.PAID] * 3


def test_one_that_is_held_up_by_an_earlier_one_sends_that_too(rail, node, withdraw):
    prepare(rail, earlier := withdraw())
    prepare(rail, later := withdraw())
    rail.send(later)
    node.mine()
    assert rail.outcome(later).verdict == Verdict.WAITING
    lose_patience()
    rail.outcome(later)
    assert len(node.waiting) == 2
    node.mine(CONFIRMATIONS)
    assert [rail.outcome(one).verdict for one in (earlier, later)] == [Verdict.PAID] * 2


# Restarts and lost answers


def test_a_restart_between_send_and_record_never_pays_twice(rail, new_rail, node, money, prepared):
    hash = rail.send(prepared)
    assert new_rail().send(prepared) == hash
    node.mine()
    assert new_rail().send(prepared) == hash
    node.mine(CONFIRMATIONS)
    assert new_rail().send(prepared) == hash
    assert new_rail().outcome(prepared) == Outcome(Verdict.PAID, hash)
    assert money.of(prepared.address) == AMOUNT


def test_a_node_that_forgot_all_gets_the_same_bytes_again_after_a_restart(rail, new_rail, node, money, prepared):
    hash = rail.send(prepared)
    node.forget()
    assert new_rail().send(prepared) == hash
    assert final_outcome(new_rail(), node, prepared) == Outcome(Verdict.PAID, hash)
    assert money.of(prepared.address) == AMOUNT


def test_an_answer_lost_after_the_node_took_it_is_made_up_for(rail, node, money, prepared):
    node.mute = {"eth_sendRawTransaction"}
    hash = rail.send(prepared)
    assert list(node.waiting) == [hash]
    assert final_outcome(rail, node, prepared) == Outcome(Verdict.PAID, hash)
    assert money.of(prepared.address) == AMOUNT


QUESTIONS = [
    "eth_getTransactionReceipt",
    "eth_getBlockByNumber",
    "eth_maxPriorityFeePerGas",
    "eth_getTransactionByHash",
    "eth_getTransactionCount",
    "eth_blockNumber",
    "eth_call",
    "eth_getBalance",
    "eth_estimateGas",
    "eth_sendRawTransaction",
]


@pytest.mark.parametrize("lost", ["deaf", "mute"])
def test_a_time_out_at_any_question_leaves_a_payout_that_is_paid_once_later(
    rail, new_rail, node, money, withdraw, lost
):
    """Each time with a rail that knows nothing of the one before, and the follow-up question fails as well."""
    payouts = [withdraw() for _ in QUESTIONS]
    for payout, question in zip(payouts, QUESTIONS, strict=True):
        prepare(rail, payout)
        setattr(node, lost, {question, "eth_getTransactionByHash"})
        with pytest.raises(RailUnavailable, match="ReadTimeout"):
            new_rail().send(payout)
        node.deaf = node.mute = set()
        new_rail().send(payout)
    node.mine(CONFIRMATIONS)
    assert [rail.outcome(payout).verdict for payout in payouts] == [Verdict.PAID] * len(QUESTIONS)
    assert [money.of(payout.address) for payout in payouts] == [AMOUNT] * len(QUESTIONS)


def test_a_node_that_is_down_makes_everything_wait_and_its_url_is_not_told(rail, node, prepared):
    node.down = True
    for ask in (rail.send, rail.outcome):
        with pytest.raises(RailUnavailable) as caught:
            ask(prepared)
        assert "ConnectionError" in str(caught.value)
        assert "secret-of-the-url" not in str(caught.value)
        assert caught.value.__suppress_context__


# Reorganisations


@pytest.mark.parametrize("forgotten", [False, True], ids=["kept by the node", "forgotten by the node"])
def test_a_payout_dropped_by_a_reorganisation_is_mined_again_and_paid_once(rail, node, money, prepared, forgotten):
    hash = rail.send(prepared)
    kept = dict(node.waiting)
    with node.reorganised():
        node.mine(CONFIRMATIONS - 1)
        assert rail.outcome(prepared) == Outcome(Verdict.WAITING, hash)
        assert money.of(prepared.address) == AMOUNT
    node.waiting = {} if forgotten else kept
    assert money.of(prepared.address) == 0
    assert rail.outcome(prepared) == Outcome(Verdict.WAITING, hash)
    assert list(node.waiting) == [hash]
    assert final_outcome(rail, node, prepared) == Outcome(Verdict.PAID, hash)
    assert money.of(prepared.address) == AMOUNT


# Fees


def test_a_payout_stuck_under_the_going_price_is_replaced_and_exactly_one_is_paid(rail, node, money, prepared):
    first = rail.send(prepared)
    node.tip = 3 * GWEI
    node.mine()
    assert rail.outcome(prepared) == Outcome(Verdict.WAITING, first)
    lose_patience()
    second = rail.outcome(prepared).reference
    assert second != first
    old, new = signatures(prepared)
    assert [old.hash, new.hash] == [first, second]
    assert new.max_fee >= old.max_fee * 1.125 and new.priority_fee >= old.priority_fee * 1.125
    assert list(node.waiting) == [second]
    assert final_outcome(rail, node, prepared) == Outcome(Verdict.PAID, second)
    assert money.of(prepared.address) == AMOUNT


def test_the_first_of_two_signatures_counts_if_that_is_the_one_that_was_mined(rail, new_rail, node, money, prepared):
    first = rail.send(prepared)
    node.tip = 3 * GWEI
    lose_patience()
    node.deaf = {"eth_sendRawTransaction"}
    assert rail.outcome(prepared).reference == first
    assert len(signatures(prepared)) == 2
    node.tip = GWEI
    assert final_outcome(new_rail(), node, prepared) == Outcome(Verdict.PAID, first)
    assert money.of(prepared.address) == AMOUNT


def test_one_that_is_patient_is_not_replaced(rail, node, prepared):
    rail.send(prepared)
    node.tip = 3 * GWEI
    rail.outcome(prepared)
    assert len(signatures(prepared)) == 1


def test_one_prepared_while_gas_was_cheap_is_sent_at_the_going_price(rail, node, prepared):
    node.tip = 3 * GWEI
    hash = rail.send(prepared)
    assert [signed.broadcast_at is None for signed in signatures(prepared)] == [True, False]
    assert final_outcome(rail, node, prepared) == Outcome(Verdict.PAID, hash)


def test_the_next_is_signed_for_the_price_that_was_seen_last(rail, node, prepared, withdraw):
    node.tip = 3 * GWEI
    rail.send(prepared)
    prepare(rail, later := withdraw())
    assert [signed.priority_fee for signed in signatures(later)] == [3 * GWEI]


def test_no_more_than_the_cap_is_offered_and_the_reason_for_waiting_is_told(new_rail, node, prepared):
    rail = new_rail(max_fee_gwei=4)
    rail.send(prepared)
    node.tip = 50 * GWEI
    lose_patience()
    for _ in range(5):
        outcome = rail.outcome(prepared)
        lose_patience()
    assert outcome.verdict == Verdict.WAITING
    assert "max_fee_gwei is 4: raise it" in outcome.detail
    assert max(signed.max_fee for signed in signatures(prepared)) <= 4 * GWEI


def test_a_gas_limit_that_is_too_low_is_told_and_cured_by_raising_it(new_rail, node, withdraw):
    prepare(new_rail(gas_limit=30_000), payout := withdraw())
    with pytest.raises(RailUnavailable, match="was signed for 30000: raise the rail's gas_limit"):
        new_rail(gas_limit=30_000).send(payout)
    new_rail().send(payout)
    assert final_outcome(new_rail(), node, payout).verdict == Verdict.PAID


# What the hot wallet lacks


def test_a_hot_wallet_without_tokens_makes_payouts_wait_until_it_has_them(rail, node, money, withdraw):
    prepare(rail, payout := withdraw(999 * USDC))
    prepare(rail, later := withdraw(1 * USDC + 500_000))
    rail.send(payout)
    with pytest.raises(
        RailUnavailable, match=r"holds 1000\.00 USDC and has 1000\.50 to pay: send it at least 0\.50 USDC"
    ):
        rail.send(later)
    assert len(node.waiting) == 1
    money.mint(HOT_WALLET, 500_000)
    rail.send(later)
    assert [final_outcome(rail, node, one).verdict for one in (payout, later)] == [Verdict.PAID] * 2
    assert money.of(HOT_WALLET) == 0


def test_a_hot_wallet_without_gas_makes_payouts_wait_until_it_has_it(options, node, money, new_rail, withdraw):
    rail = new_rail(hot_wallet_key="0x" + "0bad" * 16)
    poor = rail.keys.hot_wallet.address
    money.mint(poor, 1000 * USDC)
    prepare(rail, payout := withdraw())
    with pytest.raises(RailUnavailable, match=f"{poor} has 0.000000 of the chain's coin for gas"):
        rail.send(payout)
    assert not node.waiting
    money.give_ether(poor, ETHER)
    rail.send(payout)
    assert final_outcome(rail, node, payout).verdict == Verdict.PAID


# Refusals


def test_a_transfer_that_the_token_reverts_is_refused_after_its_confirmations_and_leaves_no_gap(
    rail, node, money, withdraw
):
    prepare(rail, barred := withdraw())
    prepare(rail, after := withdraw())
    money.bar(barred.address)
    hash = rail.send(barred)
    rail.send(after)
    node.mine(CONFIRMATIONS - 1)
    assert rail.outcome(barred).verdict == Verdict.WAITING
    node.mine()
    assert rail.outcome(barred) == Outcome(Verdict.REFUSED, hash, f"The token refused to pay {barred.address}.")
    assert rail.outcome(after).verdict == Verdict.PAID
    assert money.of(HOT_WALLET) == 990 * USDC


def test_what_would_be_lost_or_never_leave_is_refused_before_it_takes_a_nonce(rail, money, withdraw, person):
    [other] = DepositAddress.objects.bulk_create([DepositAddress(agent=person, rail="other", address="0x" + "Ab" * 20)])
    payout = withdraw()
    for address in ("0x" + "0" * 40, money.address, HOT_WALLET, other.address):
        payout.address = address
        with pytest.raises(PayoutRefused):
            prepare(rail, payout)
    assert not ChainTransaction.objects.exists()


# Settings


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"chain_id": 1}, "chain_id is 1, but its node is on chain"),
        ({"token": HOT_WALLET}, "is no ERC-20 on chain"),
    ],
)
def test_a_node_that_contradicts_the_settings_is_told_at_first_use(new_rail, change, words):
    with pytest.raises(RailUnavailable, match=words):
        new_rail(**change).receive("")


def test_a_token_that_is_no_address_is_refused_at_once(new_rail):
    with pytest.raises(ImproperlyConfigured, match="EIP-55"):
        new_rail(token="0x" + "ab" * 20)


def test_payouts_under_way_wait_while_the_settings_name_another_token(rail, new_rail, node, money, prepared):
    """Or the receipt would look as if nothing had been paid."""
    rail.send(prepared)
    node.mine(CONFIRMATIONS)
    elsewhere = new_rail(token=Money(node, money.compiled).address)
    for ask in (elsewhere.send, elsewhere.outcome):
        with pytest.raises(RailUnavailable, match=f"signed for token {money.address}.*set them back"):
            ask(prepared)
    assert rail.outcome(prepared).verdict == Verdict.PAID


def test_after_a_change_of_the_hot_wallet_only_a_higher_fee_needs_the_former_key(rail, new_rail, node, prepared):
    changed = new_rail(hot_wallet_key="0x" + "0bad" * 16)
    rail.send(prepared)
    node.forget()
    assert changed.outcome(prepared).verdict == Verdict.WAITING
    node.tip = 3 * GWEI
    lose_patience()
    with pytest.raises(RailUnavailable, match=f"former hot wallet {HOT_WALLET} and needs a higher fee"):
        changed.outcome(prepared)
    node.tip = GWEI
    assert final_outcome(changed, node, prepared).verdict == Verdict.PAID


def test_no_error_and_no_representation_shows_a_secret(new_rail: NewRail, withdraw: Withdraw):
    wrong_key, wrong_phrase = "0x" + "5ecre7" * 10, MNEMONIC.replace("junk", "secret")
    rail = new_rail(hot_wallet_key=wrong_key, deposit_mnemonic=wrong_phrase)
    said: list[Any] = [repr(rail), repr(rail.keys), repr(rail.transactions), repr(rail.chain)]
    for ask in (lambda: rail.derive_address(1), lambda: prepare(rail, withdraw())):
        with pytest.raises(ImproperlyConfigured) as caught:
            ask()
        said += [caught.value, caught.value.__suppress_context__ or "the cause is shown"]
    text = " ".join(map(str, said))
    assert wrong_key not in text and "secret" not in text and "the cause" not in text


def test_deposit_addresses_are_those_of_every_other_wallet_software(rail):
    assert rail.derive_address(1) == "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    assert rail.derive_address(2) == "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
