"""USDC, or another token like it, on an EVM chain: withdrawals from a hot wallet, deposits to an address per wallet."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings

from wallets.models import DepositAddress
from wallets.rails import get_rail
from wallets.rails.base import Outcome, Payment, PayoutRefused, Rail, Receipts, Verdict
from wallets.rails.evm.chain import TRANSFER_TOPIC, Chain, amount_of, receiver_of, topic_of
from wallets.rails.evm.fees import GWEI
from wallets.rails.evm.keys import Keys
from wallets.rails.evm.models import ChainTransaction
from wallets.rails.evm.transactions import Policy, Transactions

if TYPE_CHECKING:
    from web3.providers import BaseProvider
    from web3.types import LogReceipt, TxReceipt

    from wallets.models import Withdrawal

NOBODY = "0x" + "0" * 40
POSITION = re.compile(r"(\d+)(?::(0x[0-9a-f]{64}))?", re.ASCII)


class ChainReorganised(Exception):
    """Blocks that were final are gone: payments may have been credited that no longer exist. An operator must look."""


class EvmRail(Rail):
    """USDC on one chain through one node, at `rpc_url` or behind a `provider` of web3. Fees are in gwei."""

    seconds_between_looks = 12.0

    def __init__(
        self,
        name: str,
        *,
        token: str,
        chain_id: int,
        hot_wallet_key: str,
        deposit_mnemonic: str,
        rpc_url: str = "",
        confirmations: int = 12,
        start_block: int = 0,
        max_block_range: int = 2000,
        gas_limit: int = 150_000,
        max_fee_gwei: float = 100,
        fee_bump_after_seconds: float = 180,
        provider: BaseProvider | None = None,
    ) -> None:
        super().__init__(name)
        self.keys = Keys(hot_wallet_key=hot_wallet_key, deposit_mnemonic=deposit_mnemonic)
        self.chain = Chain(provider=provider, rpc_url=rpc_url, chain_id=chain_id, token=token)
        self.confirmations = confirmations
        self.start_block = start_block
        self.max_block_range = max_block_range
        self.transactions = Transactions(
            chain=self.chain,
            keys=self.keys,
            policy=Policy(
                gas_limit=gas_limit,
                most_fee=int(max_fee_gwei * GWEI),
                bump_after=timedelta(seconds=fee_bump_after_seconds),
                confirmations=confirmations,
            ),
        )

    # In

    def derive_address(self, number: int) -> str:
        return self.keys.deposit_account(number).address

    def receive(self, position: str) -> Receipts:
        """Looks through at most `max_block_range` blocks. Raises RailUnavailable and ChainReorganised."""
        scanned, known_hash = self._parse(position)
        last_final = self.chain.head() - self.confirmations + 1
        self._require_same_chain(scanned, known_hash)
        last = min(last_final, scanned + self.max_block_range)
        if last <= scanned:
            return Receipts([], position)
        # Asked before the logs: if the block is replaced in between, the next scan notices.
        new_position = f"{last}:{self.chain.block_hash(last)}"
        # Read after the head: whoever paid in a final block had the address before.
        addresses = list(DepositAddress.objects.filter(rail=self.name).values_list("address", flat=True))
        logs = self.chain.payments_to(addresses, scanned + 1, last)
        return Receipts([self._payment(log) for log in logs if amount_of(log)], new_position)

    def _parse(self, position: str) -> tuple[int, str]:
        """The last block looked through, and its hash; without a hash it is taken as it is."""
        if not position:
            return self.start_block - 1, ""
        if not (found := POSITION.fullmatch(position)):
            raise ValueError(f"The position of rail {self.name} must be BLOCK or BLOCK:HASH, not {position!r}.")
        return int(found[1]), found[2] or ""

    def _require_same_chain(self, scanned: int, known_hash: str) -> None:
        if not known_hash or (found := self.chain.block_hash(scanned)) == known_hash:
            return
        raise ChainReorganised(
            f"Rail {self.name} takes in no deposits: block {scanned} was {known_hash} when its payments were credited"
            f" and is {found} now, a reorganisation deeper than its {self.confirmations} confirmations. Compare"
            " the deposits credited lately with the chain, put right by an adjustment what is no longer there, then set"
            " the rail's position to a block before the fork; what was credited from there on is not credited again."
        )

    def _payment(self, log: LogReceipt) -> Payment:
        hash = log["transactionHash"].to_0x_hex()
        return Payment(
            key=f"{self.chain.chain_id}:{hash}:{log['logIndex']}",
            address=receiver_of(log),
            amount=amount_of(log),
            reference=hash,
        )

    # Out

    def prepare(self, withdrawal: Withdrawal) -> None:
        """Takes a nonce and stores signed bytes. Asks the node once in the life of a hot wallet.

        Raises PayoutRefused; after this nobody but the chain refuses. Raises RailUnavailable that one time.
        """
        self._require_payable(withdrawal.address)
        wallet = self.transactions.lock_hot_wallet()
        if not ChainTransaction.objects.filter(withdrawal_id=withdrawal.pk).exists():
            call = self.chain.call_of("transfer", withdrawal.address, withdrawal.amount)
            self.transactions.reserve(wallet, call, withdrawal_id=withdrawal.pk)

    def _require_payable(self, address: str) -> None:
        """Raises PayoutRefused for addresses from where the money would not come back, or not leave us at all."""
        if address == NOBODY:
            raise PayoutRefused("The zero address belongs to nobody: what is sent there is lost.")
        if address == self.chain.token:
            raise PayoutRefused("This is the address of the token itself: what is sent there is lost.")
        ours = address == self.keys.hot_wallet.address or DepositAddress.objects.filter(address=address).exists()
        if ours:
            raise PayoutRefused("This address is the marketplace's own: withdraw to one of yours.")

    def send(self, withdrawal: Withdrawal) -> str:
        """Never refuses. Raises RailUnavailable, also while the hot wallet has too little to pay with."""
        return self.transactions.push(self._prepared(withdrawal))

    def outcome(self, withdrawal: Withdrawal) -> Outcome:
        """Waiting, it also sends again what the node forgot and raises the fee of what is stuck."""
        prepared = self._prepared(withdrawal)
        receipt = self.transactions.mined(prepared)
        if receipt is None:
            hash = self.transactions.push(prepared)
            self.transactions.push_first(prepared)
            return Outcome(Verdict.WAITING, hash, self.transactions.why_waiting(prepared))
        hash = receipt["transactionHash"].to_0x_hex()
        if not self.transactions.is_final(receipt):
            return Outcome(Verdict.WAITING, hash)
        self.transactions.settle(prepared)
        if self._has_paid(receipt, withdrawal):
            return Outcome(Verdict.PAID, hash)
        return Outcome(Verdict.REFUSED, hash, f"The token refused to pay {withdrawal.address}.")

    def _prepared(self, withdrawal: Withdrawal) -> ChainTransaction:
        return ChainTransaction.objects.select_related("hot_wallet").get(withdrawal_id=withdrawal.pk)

    def _has_paid(self, receipt: TxReceipt, withdrawal: Withdrawal) -> bool:
        """Whether the token says that it moved the money: success alone could be somebody else's use of the nonce."""
        topics = [TRANSFER_TOPIC, topic_of(receipt["from"]), topic_of(withdrawal.address)]
        return receipt["status"] == 1 and any(
            log["address"] == self.chain.token
            and [topic.to_0x_hex() for topic in log["topics"]] == topics
            and amount_of(log) == withdrawal.amount
            for log in receipt["logs"]
        )


def open_evm_rail(name: str) -> EvmRail:
    """The rail with that name in settings.RAILS. Raises LookupError unless it is one of these."""
    rail = get_rail(name) if name in settings.RAILS else None
    if not isinstance(rail, EvmRail):
        raise LookupError(f"There is no rail {name!r} on a chain in settings.RAILS; see docs/operations.md.")
    return rail
