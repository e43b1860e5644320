"""Nonces under races: each is given once and none is left out."""

from functools import partial
from threading import Barrier

import pytest
from django.db import IntegrityError, transaction

from tests.racing import losers, race, winners
from tests.wallets.rails.evm.conftest import CONFIRMATIONS, USDC, Withdraw
from tests.wallets.rails.evm.node import GWEI, Node
from tests.wallets.rails.evm.test_withdrawals import lose_patience
from wallets.models import Withdrawal
from wallets.rails.base import Verdict
from wallets.rails.evm.models import ChainTransaction, HotWallet, SignedTransaction
from wallets.rails.evm.rail import EvmRail
from wallets.rails.evm.transactions import Transactions

pytestmark = pytest.mark.django_db(transaction=True)


def prepare(rail: EvmRail, withdrawal: Withdrawal) -> None:
    with transaction.atomic():
        rail.prepare(withdrawal)


def nonces() -> list[int]:
    return list(ChainTransaction.objects.order_by("nonce").values_list("nonce", flat=True))


@pytest.mark.parametrize("times", [3])
def test_eight_at_once_get_eight_nonces_without_a_gap(rail: EvmRail, withdraw: Withdraw, times: int):
    """The first eight also race for the row of the hot wallet, which is not there yet."""
    for round in range(1, times + 1):
        outcomes = race([partial(prepare, rail, withdraw()) for _ in range(8)])
        assert not losers(outcomes), outcomes
        assert nonces() == list(range(8 * round))


def test_one_withdrawal_prepared_by_eight_at_once_has_one_nonce(rail: EvmRail, withdraw: Withdraw):
    payout = withdraw()
    assert not losers(race([partial(prepare, rail, payout)] * 8))
    assert nonces() == [0]
    assert SignedTransaction.objects.count() == 1


def test_without_the_lock_two_would_get_the_same_nonce(rail: EvmRail, withdraw: Withdraw, monkeypatch):
    """The negative control: the constraint has the last word."""
    prepare(rail, withdraw())
    both_have_read = Barrier(2)

    def read_without_lock(self: Transactions) -> HotWallet:
        wallet = HotWallet.objects.get()
        both_have_read.wait(30)
        return wallet

    monkeypatch.setattr(Transactions, "lock_hot_wallet", read_without_lock)
    outcomes = race([partial(prepare, rail, withdraw()) for _ in range(2)])
    assert [type(loser) for loser in losers(outcomes)] == [IntegrityError]


def test_eight_workers_at_one_payout_send_and_replace_it_as_one(rail: EvmRail, node: Node, money, withdraw: Withdraw):
    """Their leases ran out, say; every one of them thinks that it is stuck."""
    prepare(rail, payout := withdraw())
    assert len(set(winners(race([partial(rail.send, payout)] * 8)))) == 1
    node.tip = 3 * GWEI
    lose_patience()
    outcomes = race([partial(rail.outcome, payout)] * 8)
    assert not losers(outcomes), outcomes
    assert SignedTransaction.objects.count() == 2
    node.mine(CONFIRMATIONS)
    assert rail.outcome(payout).verdict == Verdict.PAID
    assert money.of(payout.address) == 10 * USDC
