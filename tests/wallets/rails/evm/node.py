"""A node: a real EVM in this process, with the waiting room that real nodes have, and faults on demand.

The tester keeps one waiting transaction of an account at most, and raises errors of its own; what happens before
a transaction is mined is the very thing to be tested, so that part is here. Everything mined is mined by py-evm.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import requests
from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.exceptions import TransactionFailed
from eth_utils import ValidationError
from hexbytes import HexBytes
from vyper import compile_code
from web3 import EthereumTesterProvider, Web3

# py-evm raises it for the whole process when it is imported, and other tests are about the usual one.
sys.setrecursionlimit(1000)

GWEI = 10**9
SOURCE = Path(__file__).with_name("token.vy")


def compiled_token() -> dict[str, Any]:
    return compile_code(SOURCE.read_text(), output_formats=["abi", "bytecode"])


@dataclass(frozen=True)
class Waiting:
    """A transaction that is not mined yet."""

    raw: bytes
    sender: str
    nonce: int
    gas: int
    max_fee: int
    tip: int

    @classmethod
    def decode(cls, raw: bytes) -> "Waiting":
        fields = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
        return cls(
            raw,
            Account.recover_transaction(raw),
            fields["nonce"],
            fields["gas"],
            fields["maxFeePerGas"],
            fields["maxPriorityFeePerGas"],
        )


class Refused(Exception):
    """What a node answers to a transaction that it does not take."""


class Node(EthereumTesterProvider):
    """`tip` is what those who make blocks ask for; `deaf` and `mute` name the methods that time out."""

    def __init__(self) -> None:
        super().__init__(EthereumTester(PyEVMBackend()))
        self.waiting: dict[str, Waiting] = {}
        self.tip = GWEI
        self.asked: Counter[str] = Counter()
        self.down = False
        self.deaf: set[str] = set()
        self.mute: set[str] = set()

    def make_request(self, method: Any, params: Any) -> Any:
        self.asked[method] += 1
        if self.down:
            raise requests.ConnectionError("Max retries exceeded with url: https://node.example/v3/secret-of-the-url")
        if method in self.deaf:
            raise requests.ReadTimeout("timed out before the node heard")
        try:
            answer = self._answer(method, params)
        except (Refused, ValidationError) as refusal:
            answer = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": str(refusal)}}
        except TransactionFailed as failure:
            answer = {"jsonrpc": "2.0", "id": 1, "error": {"code": 3, "message": str(failure), "data": None}}
        if method in self.mute:
            raise requests.ReadTimeout("timed out after the node heard")
        return answer

    def _answer(self, method: str, params: Any) -> Any:
        match method:
            case "eth_sendRawTransaction":
                return self._result(self._take(bytes(HexBytes(params[0]))))
            case "eth_maxPriorityFeePerGas":
                return self._result(self.tip)
            case "eth_getTransactionByHash" if params[0] in self.waiting:
                return self._result({"hash": params[0]})
            case "eth_getTransactionCount" if params[1] == "pending":
                return self._result(self._next_nonce(params[0]))
        return super().make_request(method, params)

    def _result(self, result: Any) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": 1, "result": result}

    # The waiting room

    def _take(self, raw: bytes) -> str:
        hash, new = Web3.to_hex(Web3.keccak(raw)), Waiting.decode(raw)
        if hash in self.waiting:
            raise Refused("already known")
        if new.nonce < self.ethereum_tester.get_nonce(new.sender):
            raise Refused("nonce too low")
        if new.gas * new.max_fee > self.ethereum_tester.get_balance(new.sender):
            raise Refused("insufficient funds for gas * price + value")
        for other_hash, other in list(self.waiting.items()):
            if (other.sender, other.nonce) == (new.sender, new.nonce):
                if new.max_fee * 10 < other.max_fee * 11 or new.tip * 10 < other.tip * 11:
                    raise Refused("replacement transaction underpriced")
                del self.waiting[other_hash]
        self.waiting[hash] = new
        return hash

    def _next_nonce(self, account: str) -> int:
        nonce = self.ethereum_tester.get_nonce(account)
        taken = {
            waiting.nonce for waiting in self.waiting.values() if waiting.sender == Web3.to_checksum_address(account)
        }
        while nonce in taken:
            nonce += 1
        return nonce

    def forget(self) -> None:
        """As a node that was started anew."""
        self.waiting.clear()

    # Blocks

    def mine(self, blocks: int = 1) -> None:
        """Puts all that may be mined into the first block, in the order of nonces."""
        for hash, waiting in sorted(self.waiting.items(), key=lambda item: item[1].nonce):
            if waiting.tip >= self.tip and waiting.nonce == self._nonce_in_new_block(waiting.sender):
                self.ethereum_tester.backend.send_raw_transaction(waiting.raw)
                del self.waiting[hash]
        self.ethereum_tester.mine_blocks(blocks)

    def _nonce_in_new_block(self, account: str) -> int:
        return self.ethereum_tester.backend.get_nonce(bytes(HexBytes(account)), "pending")

    @contextmanager
    def reorganised(self) -> Iterator[None]:
        """The blocks made inside are replaced, at the end, by as many others and one more, all empty."""
        snapshot, before = self.ethereum_tester.take_snapshot(), self.head
        yield
        gone = self.head - before
        self.ethereum_tester.revert_to_snapshot(snapshot)
        self.ethereum_tester.mine_blocks(gone + 1)

    @property
    def head(self) -> int:
        return self.ethereum_tester.get_block_by_number("latest")["number"]


class Money:
    """The token on a node, and an issuer with ether who gives both away."""

    def __init__(self, node: Node, compiled: dict[str, Any]) -> None:
        self.compiled = compiled
        self.web3 = Web3(node)
        self.issuer = self.web3.eth.accounts[0]
        factory = self.web3.eth.contract(abi=compiled["abi"], bytecode=compiled["bytecode"])
        deployed = factory.constructor().transact({"from": self.issuer})
        self.address = self.web3.eth.get_transaction_receipt(deployed)["contractAddress"]
        self.functions = self.web3.eth.contract(address=self.address, abi=compiled["abi"]).functions

    def mint(self, address: str, amount: int) -> str:
        """In a block of its own; the transaction's hash."""
        return self._do(self.functions.mint(address, amount))

    def pay(self, address: str, amount: int) -> str:
        return self._do(self.functions.transfer(address, amount))

    def pay_many(self, addresses: list[str], amount: int) -> str:
        return self._do(self.functions.transfer_to_many(addresses, amount))

    def bar(self, address: str) -> None:
        self._do(self.functions.bar(address))

    def _do(self, call: Any) -> str:
        return call.transact({"from": self.issuer}).to_0x_hex()

    def give_ether(self, address: str, wei: int) -> None:
        self.web3.eth.send_transaction({"from": self.issuer, "to": address, "value": wei})

    def of(self, address: str) -> int:
        return self.functions.balanceOf(address).call()

    @cached_property
    def chain_id(self) -> int:
        return self.web3.eth.chain_id
