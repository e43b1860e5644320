"""What was paid in reaches the hot wallet: once, at the hot wallet's cost, and without disturbing payouts."""

from io import StringIO

import pytest
from django.core.management import call_command

from tests.wallets.rails.evm.conftest import CONFIRMATIONS, HOT_WALLET, USDC
from tests.wallets.rails.evm.node import GWEI
from tests.wallets.rails.evm.test_withdrawals import lose_patience, prepare
from wallets.rails.base import RailUnavailable, Verdict
from wallets.rails.evm.models import ChainTransaction
from wallets.rails.evm.sweeping import sweep
from wallets.rails.services import receive_payments

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid_in(rail, node, money, pay_in_address) -> str:
    """A deposit address with 20 USDC that were credited."""
    money.pay(pay_in_address.address, 20 * USDC)
    node.mine(CONFIRMATIONS)
    receive_payments(rail)
    return pay_in_address.address


def test_what_was_paid_in_reaches_the_hot_wallet_and_the_address_needs_no_gas(rail, node, money, paid_in):
    assert sweep(rail, minimum=10 * USDC) == 1
    node.mine(CONFIRMATIONS)
    assert (money.of(paid_in), money.of(HOT_WALLET)) == (0, 1020 * USDC)
    assert sweep(rail, minimum=10 * USDC) == 0
    assert ChainTransaction.objects.get().settled_at is not None


def test_a_sweep_under_way_is_not_begun_again(rail, node, money, paid_in):
    assert [sweep(rail, minimum=1) for _ in range(3)] == [1, 0, 0]
    node.mine()
    money.pay(paid_in, USDC)
    assert sweep(rail, minimum=1) == 0
    node.mine(CONFIRMATIONS)
    assert sweep(rail, minimum=1) == 1
    assert ChainTransaction.objects.count() == 2


def test_little_money_and_uncredited_money_stay_where_they_are(rail, node, money, paid_in, person):
    assert sweep(rail, minimum=21 * USDC) == 0
    assert not ChainTransaction.objects.exists()


def test_a_sweep_that_could_not_be_sent_is_sent_by_the_next(rail, new_rail, node, money, paid_in):
    node.deaf = {"eth_sendRawTransaction"}
    with pytest.raises(RailUnavailable):
        sweep(rail, minimum=1)
    node.deaf = set()
    assert sweep(new_rail(), minimum=1) == 0
    node.mine(CONFIRMATIONS)
    assert money.of(HOT_WALLET) == 1020 * USDC


def test_a_stuck_sweep_is_replaced_too(rail, node, money, paid_in):
    sweep(rail, minimum=1)
    node.tip = 3 * GWEI
    lose_patience()
    sweep(rail, minimum=1)
    node.mine(CONFIRMATIONS)
    assert money.of(HOT_WALLET) == 1020 * USDC


def test_payouts_and_sweeps_share_the_nonces_in_peace(rail, node, money, paid_in, withdraw):
    prepare(rail, before := withdraw())
    sweep(rail, minimum=1)
    prepare(rail, after := withdraw())
    for payout in (after, before):
        rail.send(payout)
    node.mine(CONFIRMATIONS)
    assert [rail.outcome(payout).verdict for payout in (before, after)] == [Verdict.PAID] * 2
    assert money.of(paid_in) == 0


def test_the_command_sweeps(rail, node, money, paid_in):
    output = StringIO()
    call_command("sweep_deposits", "--minimum", "5.5", stdout=output)
    node.mine()
    assert output.getvalue() == "1 sweeps begun.\n"
    assert money.of(paid_in) == 0
