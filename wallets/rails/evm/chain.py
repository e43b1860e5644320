"""What we ask of a node, and what it answers. All its failures are RailUnavailable, and none tells its URL.

A provider's URL is as good as a password with most who sell nodes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, cast

import requests
from django.core.exceptions import ImproperlyConfigured
from eth_typing import ChecksumAddress, HexStr
from web3 import HTTPProvider, Web3
from web3.contract import Contract
from web3.exceptions import (
    BadFunctionCallOutput,
    BlockNotFound,
    ContractLogicError,
    TransactionNotFound,
    Web3Exception,
    Web3RPCError,
)
from web3.middleware import ExtraDataToPOAMiddleware
from web3.providers import BaseProvider
from web3.types import BlockIdentifier, LogReceipt, TxData, TxReceipt

from wallets.rails.base import RailUnavailable
from wallets.rails.evm.fees import Price

NODE_SECONDS = 10
# Books are in micro-USDC, so the token must be too: some chains have a USDC of 18 decimals.
DECIMALS = 6
# Addresses that one query for logs may name; nodes allow about a thousand.
ADDRESSES_PER_QUERY = 500
LONGEST_WORDS = 200


def _input(name: str, type: str, *, indexed: bool | None = None) -> dict[str, Any]:
    return {"name": name, "type": type} | ({} if indexed is None else {"indexed": indexed})


def _function(name: str, inputs: Sequence[str], output: str = "") -> dict[str, Any]:
    return {
        "type": "function",
        "name": name,
        "stateMutability": "view" if output else "nonpayable",
        "inputs": [_input(f"argument{number}", type) for number, type in enumerate(inputs)],
        "outputs": [_input("", output)] if output else [],
    }


# ERC-20, and what EIP-3009 and EIP-712 add to it.
TOKEN_ABI = [
    _function("balanceOf", ["address"], "uint256"),
    _function("decimals", [], "uint8"),
    _function("name", [], "string"),
    _function("version", [], "string"),
    _function("transfer", ["address", "uint256"]),
    _function(
        "transferWithAuthorization",
        ["address", "address", "uint256", "uint256", "uint256", "bytes32", "uint8", "bytes32", "bytes32"],
    ),
    {
        "type": "event",
        "name": "Transfer",
        "anonymous": False,
        "inputs": [
            _input("sender", "address", indexed=True),
            _input("receiver", "address", indexed=True),
            _input("amount", "uint256", indexed=False),
        ],
    },
]
TRANSFER_TOPIC = Web3.to_hex(Web3.keccak(text="Transfer(address,address,uint256)"))


@contextmanager
def _asking(what: str) -> Iterator[None]:
    """Turns what goes wrong with a node into RailUnavailable. Raised from None, for what it hides may tell the URL."""
    try:
        yield
    except Web3RPCError as error:
        raise RailUnavailable(f"The node was asked to {what} and refused: {_words(error)}") from None
    except (Web3Exception, requests.RequestException, OSError, ValueError) as error:
        raise RailUnavailable(f"The node was asked to {what} and failed: {type(error).__name__}.") from None


def _words(error: Web3RPCError) -> str:
    """What the node itself said."""
    answer = (error.rpc_response or {}).get("error")
    words = answer.get("message", "") if isinstance(answer, dict) else answer
    return str(words or "it did not say why.")[:LONGEST_WORDS]


def topic_of(address: str) -> HexStr:
    """The address as nodes index it in logs."""
    return HexStr("0x" + address.removeprefix("0x").lower().rjust(64, "0"))


class Chain:
    """One token on one chain, seen through one node."""

    def __init__(self, *, provider: BaseProvider | None, rpc_url: str, chain_id: int, token: str) -> None:
        if not Web3.is_checksum_address(token):
            raise ImproperlyConfigured(f"The rail's token must be an EIP-55 address, not {token!r}.")
        self.chain_id = chain_id
        self.token = Web3.to_checksum_address(token)
        self._web3 = Web3(
            provider
            # Trying again is the caller's business: tries behind its back would outlast its patience.
            or HTTPProvider(rpc_url, request_kwargs={"timeout": NODE_SECONDS}, exception_retry_configuration=None)
        )
        # Some chains write more into a block's header than Ethereum does.
        self._web3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
        self._unchecked_token = self._web3.eth.contract(address=self.token, abi=TOKEN_ABI)

    @cached_property
    def _eth(self) -> Any:
        """The node, once it is known to be the right one."""
        with _asking("name its chain"):
            found = self._web3.eth.chain_id
        if found != self.chain_id:
            raise RailUnavailable(f"The rail's chain_id is {self.chain_id}, but its node is on chain {found}.")
        decimals = self._decimals()
        if decimals != DECIMALS:
            raise RailUnavailable(f"The rail's token {self.token} has {decimals} decimals; it must have {DECIMALS}.")
        return self._web3.eth

    def _decimals(self) -> int:
        with _asking("show the token"):
            try:
                return int(self._unchecked_token.functions.decimals().call())
            except (BadFunctionCallOutput, ContractLogicError):
                raise RailUnavailable(f"The rail's token {self.token} is no ERC-20 on chain {self.chain_id}.") from None

    @cached_property
    def _token(self) -> Contract:
        """The token, once the node is known to be the right one."""
        return cast("Contract", self._eth.contract(address=self.token, abi=TOKEN_ABI))

    def call_of(self, function: str, *arguments: Any) -> bytes:
        """The bytes that make the token do something. Needs no node."""
        return bytes(Web3.to_bytes(hexstr=self._unchecked_token.encode_abi(function, args=arguments)))

    # Blocks

    def head(self) -> int:
        """The newest block's number."""
        with _asking("say how far it is"):
            return int(self._eth.block_number)

    def block_hash(self, number: int) -> str:
        """Which block is at that height now."""
        with _asking(f"show block {number}"):
            return Web3.to_hex(self._eth.get_block(number)["hash"])

    def price(self) -> Price:
        """The going price of gas."""
        with _asking("name the price of gas"):
            base_fee = self._eth.get_block("latest").get("baseFeePerGas", 0)
            return Price(base_fee, int(self._eth.max_priority_fee))

    # Accounts

    def nonces_used(self, address: str, block: int | str) -> int:
        """How many transactions of the account there are up to that block."""
        with _asking("count the hot wallet's transactions"):
            return int(self._eth.get_transaction_count(address, block))

    def ether(self, address: str, block: int | str = "latest") -> int:
        """Wei that the account has to pay for gas."""
        with _asking("show the hot wallet's ether"):
            return int(self._eth.get_balance(address, block))

    def tokens(self, address: str, block: BlockIdentifier = "latest") -> int:
        """Micro-USDC on the account."""
        with _asking("show a balance"):
            return int(self._token.functions.balanceOf(address).call(block_identifier=block))

    def token_domain(self) -> tuple[str, str]:
        """The token's name and version, which are part of what its owners sign (EIP-712)."""
        with _asking("show the token"):
            return self._token.functions.name().call(), self._token.functions.version().call()

    # Transactions

    def gas_of(self, sender: str, data: bytes) -> int | None:
        """Gas that the call of the token would take now; None if it would fail."""
        with _asking("try the transaction"):
            try:
                return int(self._eth.estimate_gas({"from": sender, "to": self.token, "data": data}))
            except ContractLogicError:
                return None

    def broadcast(self, raw: bytes) -> None:
        """Gives the node signed bytes. After RailUnavailable it may have them all the same."""
        with _asking("send a transaction"):
            self._eth.send_raw_transaction(raw)

    def knows(self, hash: str) -> bool:
        """Whether the node has the transaction, mined or waiting."""
        return self.transaction(hash) is not None

    def transaction(self, hash: str) -> TxData | None:
        """The transaction, mined or waiting, if the node has it."""
        with _asking("find a transaction"):
            try:
                return cast("TxData", self._eth.get_transaction(hash))
            except TransactionNotFound:
                return None

    def receipt(self, hash: str) -> TxReceipt | None:
        """What became of the transaction, once it is in a block that is still where it says."""
        with _asking("show a receipt"):
            try:
                receipt: TxReceipt = self._eth.get_transaction_receipt(hash)
                # Behind one URL are often several nodes, and one may not have heard of a reorganisation.
                block = self._eth.get_block(receipt["blockNumber"])
            except (TransactionNotFound, BlockNotFound):
                return None
        return receipt if block["hash"] == receipt["blockHash"] else None

    # Payments

    def payments_to(self, addresses: Sequence[str], first: int, last: int) -> list[LogReceipt]:
        """The token's Transfer logs to any of the addresses in these blocks, both included."""
        found: list[LogReceipt] = []
        for start in range(0, len(addresses), ADDRESSES_PER_QUERY):
            receivers = [topic_of(address) for address in addresses[start : start + ADDRESSES_PER_QUERY]]
            with _asking(f"show the payments in blocks {first} to {last}"):
                found += self._eth.get_logs(
                    {
                        "address": self.token,
                        "fromBlock": first,
                        "toBlock": last,
                        "topics": [TRANSFER_TOPIC, None, receivers],
                    }
                )
        return sorted(found, key=lambda log: (log["blockNumber"], log["logIndex"]))


def receiver_of(log: LogReceipt) -> ChecksumAddress:
    """Whom a Transfer log paid."""
    return Web3.to_checksum_address(log["topics"][2][-20:])


def amount_of(log: LogReceipt) -> int:
    """Micro-USDC that a Transfer log moved."""
    return int.from_bytes(log["data"], "big")
