"""A node with the token on it, the rail on top, and people whose money comes and goes."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from eth_account import Account

from agents.models import Agent
from tests.factories import FUNDS, make_person
from tests.wallets.rails.evm.node import Money, Node, compiled_token
from wallets import rails
from wallets.models import DepositAddress, Withdrawal
from wallets.rails.evm.rail import EvmRail
from wallets.services import provision_wallet, request_withdrawal

HOT_WALLET_KEY = "0x" + "5eed" * 16
HOT_WALLET = Account.from_key(HOT_WALLET_KEY).address
# The phrase that every tool for developers knows, so that others can check the addresses.
MNEMONIC = "test test test test test test test test test test test junk"
CONFIRMATIONS = 3
USDC = 10**6
ETHER = 10**18

NewRail = Callable[..., EvmRail]
Withdraw = Callable[..., Withdrawal]


@pytest.fixture(scope="session")
def compiled() -> dict[str, Any]:
    return compiled_token()


@pytest.fixture
def node() -> Node:
    return Node()


@pytest.fixture
def money(node: Node, compiled: dict[str, Any]) -> Money:
    """The token; the hot wallet has plenty of it, and of ether."""
    money = Money(node, compiled)
    money.mint(money.issuer, 1000 * USDC)
    money.mint(HOT_WALLET, 1000 * USDC)
    money.give_ether(HOT_WALLET, ETHER)
    return money


@pytest.fixture
def options(node: Node, money: Money) -> dict[str, Any]:
    return {
        "provider": node,
        "token": money.address,
        "chain_id": money.chain_id,
        "hot_wallet_key": HOT_WALLET_KEY,
        "deposit_mnemonic": MNEMONIC,
        "confirmations": CONFIRMATIONS,
        "start_block": node.head + 1,
    }


@pytest.fixture
def new_rail(options: dict[str, Any]) -> NewRail:
    """A rail that remembers nothing, as after a restart; with other options if asked."""
    return lambda **changes: EvmRail("evm", **{**options, **changes})


@pytest.fixture
def rail(options: dict[str, Any], settings: Any) -> Iterator[EvmRail]:
    """The rail of the settings, where the services find it too."""
    settings.RAILS = {"evm": {"BACKEND": "wallets.rails.evm.rail.EvmRail", "OPTIONS": options}}
    settings.RAIL = "evm"
    rails._open_rail.cache_clear()
    yield rails.get_rail("evm")  # type: ignore[misc]
    rails._open_rail.cache_clear()


@pytest.fixture
def person(db: None) -> Agent:
    return make_person("Paula", funds=2 * FUNDS)


@pytest.fixture
def withdraw(rail: EvmRail, person: Agent) -> Withdraw:
    """A withdrawal that nothing was done about, to an address of its own unless told."""
    numbers = itertools.count(1)

    def withdraw(amount: int = 10 * USDC, address: str = "") -> Withdrawal:
        number = next(numbers)
        address = address or Account.from_key((1000 + number).to_bytes(32)).address
        return request_withdrawal(agent=person, actor=person, amount=amount, address=address, key=f"test {number}")

    return withdraw


@pytest.fixture
def pay_in_address(rail: EvmRail, person: Agent) -> DepositAddress:
    return provision_wallet(agent=person, actor=person)
