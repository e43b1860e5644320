"""The hot wallet's transactions: a nonce each, signed bytes that are stored before they are sent, confirmations.

What is reserved is always sent in the end, for a nonce left out holds up all that come after it. So nothing is given up
between the two: whether a payout is possible is for the token to say, in a mined transaction that used the nonce.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction as database
from django.db.models import Sum
from django.utils import timezone
from web3 import Web3
from web3.types import TxData, TxReceipt

from marketplace.money import format_usdc
from wallets.models import Withdrawal
from wallets.rails.base import RailUnavailable
from wallets.rails.evm.chain import Chain
from wallets.rails.evm.fees import GWEI, Fees, Price, bumped
from wallets.rails.evm.keys import Keys
from wallets.rails.evm.models import ChainTransaction, HotWallet, SignedTransaction

ETHER = 10**18


@dataclass(frozen=True)
class Policy:
    """What the options say of transactions: units of gas, wei per unit, blocks."""

    gas_limit: int
    most_fee: int
    bump_after: timedelta
    confirmations: int


class NotOurs(Exception):
    """The hash that an operator gave cannot be what became of a transaction here."""


class Transactions:
    """Those of the hot wallet that the keys name."""

    def __init__(self, *, chain: Chain, keys: Keys, policy: Policy) -> None:
        self.chain = chain
        self.keys = keys
        self.policy = policy

    # Reserving: in the caller's transaction, with its row locked until that ends

    def lock_hot_wallet(self) -> HotWallet:
        """The row that gives out nonces. Only the very first time it asks the node. Raises RailUnavailable."""
        chain_id, address = self.chain.chain_id, self.keys.hot_wallet.address
        locked = HotWallet.objects.select_for_update(no_key=True).filter(chain_id=chain_id, address=address)
        if wallet := locked.first():
            return wallet
        offer = self._offer(self.chain.price())
        HotWallet.objects.get_or_create(
            chain_id=chain_id,
            address=address,
            defaults={
                # What the account did before we had it, and what it is still at.
                "next_nonce": self.chain.nonces_used(address, "pending"),
                "max_fee": offer.max_fee,
                "priority_fee": offer.priority_fee,
            },
        )
        return locked.get()

    def reserve(self, wallet: HotWallet, data: bytes, **purpose: object) -> ChainTransaction:
        """Gives the call of the token the next nonce, and signs it. `wallet` is locked."""
        reserved = ChainTransaction.objects.create(
            hot_wallet=wallet, nonce=wallet.next_nonce, token=self.chain.token, data=data, **purpose
        )
        wallet.next_nonce += 1
        wallet.save(update_fields=["next_nonce"])
        self._sign(reserved, Fees(wallet.max_fee, wallet.priority_fee))
        return reserved

    def _sign(self, reserved: ChainTransaction, fees: Fees) -> SignedTransaction:
        wallet, account = reserved.hot_wallet, self.keys.hot_wallet
        if account.address != wallet.address:
            raise RailUnavailable(
                f"Nonce {reserved.nonce} belongs to the former hot wallet {wallet.address} and needs a higher fee:"
                " set hot_wallet_key back to its key until it is settled."
            )
        signed = account.sign_transaction(
            {
                "type": 2,
                "chainId": wallet.chain_id,
                "nonce": reserved.nonce,
                "to": Web3.to_checksum_address(reserved.token),
                "value": 0,
                "data": bytes(reserved.data),
                "gas": self.policy.gas_limit,
                "maxFeePerGas": fees.max_fee,
                "maxPriorityFeePerGas": fees.priority_fee,
            }
        )
        return SignedTransaction.objects.create(
            transaction=reserved,
            hash=signed.hash.to_0x_hex(),
            raw=bytes(signed.raw_transaction),
            gas=self.policy.gas_limit,
            max_fee=fees.max_fee,
            priority_fee=fees.priority_fee,
        )

    def _offer(self, price: Price) -> Fees:
        return price.offer().capped(self.policy.most_fee)

    # Sending: in no transaction

    def push(self, reserved: ChainTransaction) -> str:
        """Sees to it that the node has the transaction, and returns the hash by which it knows it.

        Again does no harm, whatever happened meanwhile. Raises RailUnavailable.
        """
        if receipt := self.mined(reserved):
            return receipt["transactionHash"].to_0x_hex()
        newest = self._freshened(reserved)
        if not self.chain.knows(newest.hash):
            return self._broadcast(reserved, newest)
        self._note_broadcast(newest)
        return newest.hash

    def push_first(self, reserved: ChainTransaction) -> None:
        """If this waits too long, looks after the one before it that the chain waits for."""
        if self._is_patient(self._newest(reserved)):
            return
        used = self.chain.nonces_used(reserved.hot_wallet.address, "latest")
        queue = ChainTransaction.objects.filter(hot_wallet=reserved.hot_wallet, nonce__gte=used)
        first = queue.select_related("hot_wallet").exclude(nonce__gte=reserved.nonce).order_by("nonce").first()
        if first:
            self.push(first)

    def _broadcast(self, reserved: ChainTransaction, newest: SignedTransaction) -> str:
        self._require_unused_nonce(reserved)
        self._require_means(reserved, newest)
        try:
            self.chain.broadcast(bytes(newest.raw))
        except RailUnavailable:
            # Only the answer may be lost; or the node would rather keep an earlier one of the same nonce.
            if known := self._known(reserved):
                return known
            raise
        self._note_broadcast(newest)
        return newest.hash

    def _note_broadcast(self, newest: SignedTransaction) -> None:
        SignedTransaction.objects.filter(pk=newest.pk, broadcast_at=None).update(broadcast_at=timezone.now())

    def _known(self, reserved: ChainTransaction) -> str:
        hashes = reserved.signatures.order_by("-id").values_list("hash", flat=True)
        return next(filter(self.chain.knows, hashes), "")

    def _require_unused_nonce(self, reserved: ChainTransaction) -> None:
        used = self.chain.nonces_used(reserved.hot_wallet.address, "latest")
        if used > reserved.nonce and not self.mined(reserved):
            raise RailUnavailable(
                f"Nonce {reserved.nonce} of the hot wallet {reserved.hot_wallet.address} was used by a transaction that"
                " is not stored here, so the stored one can never be mined. Find its hash on a block explorer and run"
                f" manage.py hot_wallet --adopt HASH."
            )

    def _require_means(self, reserved: ChainTransaction, newest: SignedTransaction) -> None:
        """Raises RailUnavailable if the hot wallet cannot pay this and all that it has to pay before."""
        wallet, block = reserved.hot_wallet, self.chain.head()
        used = self.chain.nonces_used(wallet.address, block)
        queue = ChainTransaction.objects.filter(hot_wallet=wallet, nonce__range=(used, reserved.nonce))
        due = queue.aggregate(amount=Sum("withdrawal__amount"))["amount"] or 0
        if (tokens := self.chain.tokens(wallet.address, block)) < due:
            raise RailUnavailable(
                f"The hot wallet {wallet.address} holds {format_usdc(tokens)} USDC and has {format_usdc(due)} to pay:"
                f" send it at least {format_usdc(due - tokens)} USDC."
            )
        cost = queue.count() * newest.gas * newest.max_fee
        if (ether := self.chain.ether(wallet.address, block)) < cost:
            raise RailUnavailable(
                f"The hot wallet {wallet.address} has {ether / ETHER:.6f} of the chain's coin for gas and may need"
                f" {cost / ETHER:.6f}: send it at least {(cost - ether) / ETHER:.6f}."
            )
        # None: it would fail now. Then the chain says so, and the nonce is used.
        gas = self.chain.gas_of(wallet.address, bytes(reserved.data))
        if gas is not None and gas > newest.gas:
            raise RailUnavailable(
                f"The transaction takes {gas} units of gas and was signed for {newest.gas}: raise the rail's gas_limit."
            )

    # Recovery

    def adopt(self, hash: str, *, withdrawal: Withdrawal | None = None) -> None:
        """Stores the hash of a transaction that is not stored, as one of its nonce: what it did is then looked at.

        If nothing is known of its nonce either, it was for `withdrawal`. Raises NotOurs and RailUnavailable.
        """
        found = self.chain.transaction(hash)
        if found is None or found["from"] != self.keys.hot_wallet.address:
            raise NotOurs(f"{hash} is no transaction of the hot wallet {self.keys.hot_wallet.address}.")
        with database.atomic():
            SignedTransaction.objects.get_or_create(
                hash=found["hash"].to_0x_hex(),
                defaults={
                    "transaction": self._with_nonce_of(found, withdrawal),
                    "raw": b"",
                    "gas": found["gas"],
                    "max_fee": found.get("maxFeePerGas", found["gasPrice"]),
                    "priority_fee": found.get("maxPriorityFeePerGas", found["gasPrice"]),
                },
            )

    def _with_nonce_of(self, found: TxData, withdrawal: Withdrawal | None) -> ChainTransaction:
        wallet, nonce = self.lock_hot_wallet(), found["nonce"]
        if reserved := ChainTransaction.objects.filter(hot_wallet=wallet, nonce=nonce).first():
            return reserved
        if withdrawal is None or ChainTransaction.objects.filter(withdrawal=withdrawal).exists():
            raise NotOurs(f"Nothing has nonce {nonce} here: name the withdrawal that it was for and that has none yet.")
        HotWallet.objects.filter(pk=wallet.pk).update(next_nonce=max(wallet.next_nonce, nonce + 1))
        return ChainTransaction.objects.create(
            hot_wallet=wallet, nonce=nonce, withdrawal=withdrawal, token=self.chain.token, data=bytes(found["input"])
        )

    def catch_up(self) -> int:
        """The next nonce, after it was set to the chain's if that is ahead: as after a backup was restored."""
        used = self.chain.nonces_used(self.keys.hot_wallet.address, "pending")
        with database.atomic():
            wallet = self.lock_hot_wallet()
            wallet.next_nonce = max(wallet.next_nonce, used)
            wallet.save(update_fields=["next_nonce"])
        return wallet.next_nonce

    # Fees

    def _freshened(self, reserved: ChainTransaction) -> SignedTransaction:
        """The newest signature, after another with better fees if it waits too long and was overtaken by the price."""
        newest = self._newest(reserved)
        if self._is_patient(newest):
            return newest
        price = self.chain.price()
        if newest.broadcast_at is None:
            self._remember(reserved.hot_wallet, self._offer(price))
        fees = price.offer().to_replace(fees_of(newest)).capped(self.policy.most_fee)
        overtaken = price.is_above(fees_of(newest)) or newest.gas < self.policy.gas_limit
        if not overtaken or fees.max_fee < bumped(newest.max_fee):
            return newest
        with database.atomic(durable=True):
            locked = ChainTransaction.objects.select_for_update(no_key=True).get(pk=reserved.pk)
            current = self._newest(locked)
            return self._sign(locked, fees) if current == newest else current

    def _newest(self, reserved: ChainTransaction) -> SignedTransaction:
        newest = reserved.signatures.exclude(raw=b"").order_by("id").last()
        if newest is None:
            raise RailUnavailable(f"The adopted transaction with nonce {reserved.nonce} is not on the chain.")
        return newest

    def _is_patient(self, newest: SignedTransaction) -> bool:
        """Whether a node has it, and not for too long."""
        return newest.broadcast_at is not None and newest.broadcast_at > timezone.now() - self.policy.bump_after

    def _remember(self, wallet: HotWallet, offer: Fees) -> None:
        """For the next to be signed, which is done without a node."""
        fees = {"max_fee": offer.max_fee, "priority_fee": offer.priority_fee}
        HotWallet.objects.filter(pk=wallet.pk).exclude(**fees).update(**fees)

    def why_waiting(self, reserved: ChainTransaction) -> str:
        """What an operator should know of a transaction that the node has; empty if all is as it should be."""
        if self._is_patient(self._newest(reserved)) or (price := self.chain.price()).now <= self.policy.most_fee:
            return ""
        return (
            f"Gas costs {price.now / GWEI:.2f} gwei, and the rail's max_fee_gwei is {self.policy.most_fee / GWEI:g}:"
            " raise it, or wait."
        )

    # Confirmations

    def mined(self, reserved: ChainTransaction) -> TxReceipt | None:
        """The receipt of the one signature that was mined, if one is. Raises RailUnavailable."""
        chain_id, token = reserved.hot_wallet.chain_id, reserved.token
        if (chain_id, token) != (self.chain.chain_id, self.chain.token):
            raise RailUnavailable(
                f"This was signed for token {token} on chain {chain_id}, and the rail's settings name others:"
                " set them back until it is settled, and give another token or chain a rail of its own."
            )
        hashes = reserved.signatures.order_by("-id").values_list("hash", flat=True)
        return next(filter(None, map(self.chain.receipt, hashes)), None)

    def is_final(self, receipt: TxReceipt) -> bool:
        """Whether enough blocks say so; the one it is in counts as the first."""
        return self.chain.head() - receipt["blockNumber"] + 1 >= self.policy.confirmations

    def settle(self, reserved: ChainTransaction) -> None:
        """Notes that it is final."""
        ChainTransaction.objects.filter(pk=reserved.pk, settled_at=None).update(settled_at=timezone.now())


def fees_of(signature: SignedTransaction) -> Fees:
    """What it offers."""
    return Fees(signature.max_fee, signature.priority_fee)
