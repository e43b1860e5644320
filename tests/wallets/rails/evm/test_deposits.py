"""Deposits on a chain: credited once, when they are final, and never on a guess."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.models import Agent
from tests.factories import make_person
from tests.wallets.rails.evm.conftest import CONFIRMATIONS, USDC, NewRail
from tests.wallets.rails.evm.node import Money
from wallets.models import Deposit, DepositAddress
from wallets.queries import balance
from wallets.rails.base import Payment, RailUnavailable
from wallets.rails.evm import chain
from wallets.rails.evm.rail import ChainReorganised, EvmRail
from wallets.rails.models import Position
from wallets.rails.services import receive_payments
from wallets.services import provision_wallet

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(pay_in_address: DepositAddress) -> str:
    return pay_in_address.address


@pytest.fixture
def other_address(rail: EvmRail) -> str:
    other = make_person("Oliver")
    return provision_wallet(agent=other, actor=other).address


def payments(rail: EvmRail, position: str = "") -> list[Payment]:
    return list(rail.receive(position).payments)


def all_payments(rail: EvmRail, position: str = "") -> list[Payment]:
    """Step by step, until there is no further to go."""
    found: list[Payment] = []
    while (receipts := rail.receive(position)).position != position:
        found += receipts.payments
        position = receipts.position
    return found


def test_a_deposit_is_seen_only_once_it_has_its_confirmations(rail, node, money, address):
    hash = money.pay(address, 5 * USDC)
    for _ in range(CONFIRMATIONS - 1):
        assert payments(rail) == []
        node.mine()
    [payment] = payments(rail)
    assert payment == Payment(f"{money.chain_id}:{hash}:0", address, 5 * USDC, hash)


def test_a_deposit_is_credited_to_its_wallet_by_the_services(rail, node, money, person: Agent, address):
    before = balance(person).available
    money.pay(address, 5 * USDC)
    node.mine(CONFIRMATIONS)
    for credited in (1, 0):
        assert receive_payments(rail) == credited
        assert balance(person).available == before + 5 * USDC
    assert Deposit.objects.get(agent=person).status == Deposit.Status.CONFIRMED


def test_two_scans_of_the_same_blocks_give_the_same_keys(rail, new_rail, node, money, address, other_address):
    money.pay_many([address, other_address, address], USDC)
    node.mine(CONFIRMATIONS)
    assert [one.key for one in payments(rail)] == [one.key for one in payments(new_rail())]


def test_several_deposits_in_one_transaction_and_one_block_are_told_apart(rail, node, money, address, other_address):
    hash = money.pay_many([address, other_address, address], USDC)
    money.pay(address, 2 * USDC)
    node.mine(CONFIRMATIONS)
    found = payments(rail)
    assert [(one.address, one.amount) for one in found] == [
        (address, USDC),
        (other_address, USDC),
        (address, USDC),
        (address, 2 * USDC),
    ]
    assert [one.key for one in found[:3]] == [f"{money.chain_id}:{hash}:{index}" for index in range(3)]
    assert len({one.key for one in found}) == 4


def test_nothing_else_is_a_deposit(rail, node, money, address):
    """Nothing at all, payments to strangers, payments of another token, payments from a deposit address."""
    money.pay(address, 0)
    money.pay("0x" + "1" * 40, USDC)
    Money(node, money.compiled).mint(address, USDC)
    node.mine(CONFIRMATIONS)
    assert payments(rail) == []


def test_a_position_goes_on_where_the_last_scan_ended(rail, node, money, address):
    money.pay(address, USDC)
    node.mine(CONFIRMATIONS)
    position = rail.receive("").position
    assert rail.receive(position).position == position
    money.pay(address, 2 * USDC)
    node.mine(CONFIRMATIONS)
    assert [one.amount for one in payments(rail, position)] == [2 * USDC]


def test_long_ranges_are_looked_through_in_steps(new_rail, node, money, address):
    for amount in range(1, 6):
        money.pay(address, amount)
        node.mine(3)
    rail = new_rail(max_block_range=4)
    node.asked.clear()
    assert [one.amount for one in all_payments(rail)] == [1, 2, 3, 4, 5]
    assert node.asked["eth_getLogs"] == 5
    assert rail.receive("").position.startswith(f"{rail.start_block + 3}:0x")


def test_thousands_of_addresses_are_asked_for_in_chunks(rail, node, money, person, address, monkeypatch):
    monkeypatch.setattr(chain, "ADDRESSES_PER_QUERY", 100)
    many = [f"0x{number:040x}" for number in range(1, 450)]
    money.pay(address, USDC)
    node.asked.clear()
    logs = rail.chain.payments_to([*many, address], 0, node.head)
    assert [chain.receiver_of(log) for log in logs] == [address]
    assert node.asked["eth_getLogs"] == 5


def test_a_scan_costs_the_same_queries_with_one_and_with_three_payments(rail, node, money, address):
    costs = []
    for count in (1, 3):
        money.pay_many([address] * count, USDC)
        node.mine(CONFIRMATIONS)
        with CaptureQueriesContext(connection) as queries:
            payments(rail)
        costs.append(len(queries))
    assert costs == [1, 1]


# Reorganisations


def test_a_deposit_dropped_by_a_reorganisation_is_not_credited(rail, node, money, address):
    with node.reorganised():
        money.pay(address, USDC)
        node.mine(CONFIRMATIONS - 2)
        assert payments(rail) == []
    node.mine(CONFIRMATIONS)
    assert payments(rail) == []


def test_a_deposit_mined_again_by_a_reorganisation_is_credited_once(rail, node, money, person, address):
    before = balance(person).available
    with node.reorganised():
        money.pay(address, USDC)
        receive_payments(rail)
    receive_payments(rail)
    money.pay(address, USDC)
    for _ in range(CONFIRMATIONS + 1):
        receive_payments(rail)
        node.mine()
    assert balance(person).available == before + USDC


def test_a_reorganisation_shallower_than_the_confirmations_does_not_stop_the_scan(rail, node, money, address):
    node.mine(CONFIRMATIONS)
    position = rail.receive("").position
    with node.reorganised():
        node.mine(CONFIRMATIONS - 1)
    money.pay(address, USDC)
    node.mine(CONFIRMATIONS)
    assert [one.amount for one in payments(rail, position)] == [USDC]


def test_a_deeper_reorganisation_stops_the_scan_and_says_what_to_do(rail, node, money, person, address):
    before = balance(person).available
    with node.reorganised():
        money.pay(address, USDC)
        node.mine(CONFIRMATIONS)
        assert receive_payments(rail) == 1
    node.mine(CONFIRMATIONS)
    for _ in range(2):
        with pytest.raises(ChainReorganised, match=r"takes in no deposits: block \d+ was 0x.*set the rail's position"):
            receive_payments(rail)
    assert balance(person).available == before + USDC


def test_after_an_operator_set_the_position_back_nothing_is_credited_twice(rail, node, money, person, address):
    before = balance(person).available
    money.pay(address, USDC)
    node.mine(CONFIRMATIONS)
    receive_payments(rail)
    money.pay(address, 2 * USDC)
    node.mine(CONFIRMATIONS)
    Position.objects.filter(rail="evm").update(position=str(rail.start_block))
    assert receive_payments(rail) == 1
    assert balance(person).available == before + 3 * USDC


def test_a_node_that_is_behind_the_position_is_waited_for(rail, node, money, address):
    snapshot = node.ethereum_tester.take_snapshot()
    node.mine(20)
    position = rail.receive("").position
    node.ethereum_tester.revert_to_snapshot(snapshot)
    with pytest.raises(RailUnavailable, match="block"):
        rail.receive(position)


def test_a_position_that_is_none_is_refused_by_name(rail):
    with pytest.raises(ValueError, match="must be BLOCK or BLOCK:HASH, not 'yesterday'"):
        rail.receive("yesterday")


@pytest.mark.parametrize("method", ["eth_blockNumber", "eth_getBlockByNumber", "eth_getLogs"])
def test_a_time_out_at_any_question_leaves_the_position_where_it_was(new_rail: NewRail, node, money, address, method):
    money.pay(address, USDC)
    node.mine(CONFIRMATIONS)
    node.mute = {method}
    with pytest.raises(RailUnavailable, match="ReadTimeout"):
        new_rail().receive("")
    node.mute = set()
    assert [one.amount for one in payments(new_rail())] == [USDC]
