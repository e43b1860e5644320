"""Everything at once: random faults at random moments, then calm; and every payout was paid exactly once.

RACE_REPETITIONS=4 makes four times as many storms.
"""

import os
import random

import pytest

from tests.wallets.rails.evm.conftest import CONFIRMATIONS, USDC, NewRail, Withdraw
from tests.wallets.rails.evm.node import GWEI, Money, Node
from tests.wallets.rails.evm.test_withdrawals import lose_patience, prepare
from wallets.models import Withdrawal
from wallets.rails.base import RailUnavailable, Verdict
from wallets.rails.evm.models import ChainTransaction

pytestmark = pytest.mark.django_db

METHODS = [
    "eth_getTransactionReceipt",
    "eth_getTransactionByHash",
    "eth_sendRawTransaction",
    "eth_sendRawTransaction",
    "eth_sendRawTransaction",
    "eth_getTransactionCount",
    "eth_blockNumber",
    "eth_call",
]
PAYOUTS = 3
STEPS = 25
STORMS = 4 * int(os.environ.get("RACE_REPETITIONS", "1"))


def disturb(node: Node, chance: random.Random) -> None:
    node.deaf = set(chance.sample(METHODS, chance.choice([0, 0, 1, 3])))
    node.mute = set(chance.sample(METHODS, chance.choice([0, 0, 1, 3])))
    node.tip = chance.choice([1, 1, 2, 3]) * GWEI
    if chance.random() < 0.2:
        node.forget()
    if chance.random() < 0.3:
        lose_patience()


def work(new_rail: NewRail, payout: Withdrawal, verdicts: dict[Withdrawal, Verdict], chance: random.Random) -> None:
    """What a worker does that knows nothing of the last one, and may forget what it has just done."""
    rail = new_rail()
    try:
        prepare(rail, payout)
        if chance.random() < 0.5:
            rail.send(payout)
        outcome = rail.outcome(payout)
    except RailUnavailable:
        return
    if payout in verdicts:
        assert outcome.verdict == verdicts[payout], "a verdict was taken back"
    elif outcome.verdict != Verdict.WAITING:
        verdicts[payout] = outcome.verdict


@pytest.mark.parametrize("seed", range(STORMS))
def test_after_any_storm_every_payout_was_paid_exactly_once(
    seed: int, new_rail: NewRail, node: Node, money: Money, withdraw: Withdraw
):
    chance, verdicts = random.Random(seed), {}
    payouts = [withdraw() for _ in range(PAYOUTS)]
    for _ in range(STEPS):
        disturb(node, chance)
        work(new_rail, chance.choice(payouts), verdicts, chance)
        kept = dict(node.waiting)
        match chance.choice(["mine", "mine", "reorganise", "nothing"]):
            case "mine":
                node.mine(chance.randint(1, 2))
            case "reorganise":
                with node.reorganised():
                    node.mine(chance.randint(1, CONFIRMATIONS - 1))
                    work(new_rail, chance.choice(payouts), verdicts, chance)
                node.waiting = kept if chance.random() < 0.5 else {}
    calm_down(new_rail, node, payouts, verdicts, chance)
    assert verdicts == dict.fromkeys(payouts, Verdict.PAID)
    assert [money.of(payout.address) for payout in payouts] == [10 * USDC] * PAYOUTS
    assert sorted(ChainTransaction.objects.values_list("nonce", flat=True)) == list(range(PAYOUTS))


def calm_down(new_rail, node, payouts, verdicts, chance) -> None:
    node.deaf, node.mute = set(), set()
    for _ in range(PAYOUTS + 2):
        for payout in payouts:
            work(new_rail, payout, verdicts, chance)
        lose_patience()
        node.mine(CONFIRMATIONS)
