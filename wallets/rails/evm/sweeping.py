"""Fetching what was paid in: from the deposit addresses to the hot wallet, which pays the gas (EIP-3009).

The key of a deposit address signs that its tokens may be moved, the hot wallet sends that in a transaction of its own.
So no deposit address ever needs the chain's coin, and the nonce is kept like that of a payout.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction as database
from django.utils import timezone

from wallets.models import Deposit, DepositAddress
from wallets.rails.evm.models import ChainTransaction
from wallets.rails.evm.rail import EvmRail

# Then the permission ends. One that is mined later fails, and the next sweep tries again.
VALID = timedelta(days=1)
AUTHORIZATION = {
    "TransferWithAuthorization": [
        {"name": "from", "type": "address"},
        {"name": "to", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "validAfter", "type": "uint256"},
        {"name": "validBefore", "type": "uint256"},
        {"name": "nonce", "type": "bytes32"},
    ]
}


def sweep(rail: EvmRail, *, minimum: int) -> int:
    """Goes on with the sweeps under way and begins new ones where at least `minimum` micro-USDC lie; how many began.

    Again does no harm. Raises RailUnavailable.
    """
    for under_way in _under_way(rail):
        _follow(rail, under_way)
    begun = 0
    for address in _addresses_with_deposits(rail):
        amount = rail.chain.tokens(address.address)
        if amount >= minimum and (reserved := _reserve(rail, address, amount)):
            rail.transactions.push(reserved)
            begun += 1
    return begun


def _under_way(rail: EvmRail) -> Iterator[ChainTransaction]:
    return (
        ChainTransaction.objects.filter(deposit_address__rail=rail.name, settled_at=None)
        .select_related("hot_wallet")
        .order_by("nonce")
        .iterator()
    )


def _follow(rail: EvmRail, under_way: ChainTransaction) -> None:
    receipt = rail.transactions.mined(under_way)
    if receipt is None:
        rail.transactions.push(under_way)
    elif rail.transactions.is_final(receipt):
        rail.transactions.settle(under_way)


def _addresses_with_deposits(rail: EvmRail) -> Iterator[DepositAddress]:
    """Those that were paid to and are not being swept."""
    addresses = DepositAddress.objects.filter(rail=rail.name)
    paid = Deposit.objects.filter(rail=rail.name, status=Deposit.Status.CONFIRMED).values("address")
    busy = ChainTransaction.objects.filter(deposit_address__isnull=False, settled_at=None).values("deposit_address")
    return addresses.filter(address__in=paid).exclude(pk__in=busy).order_by("pk").iterator()


def _reserve(rail: EvmRail, address: DepositAddress, amount: int) -> ChainTransaction | None:
    """The transaction that fetches the amount, stored; None if another sweep was faster."""
    domain = rail.chain.token_domain()
    with database.atomic(durable=True):
        wallet = rail.transactions.lock_hot_wallet()
        if ChainTransaction.objects.filter(deposit_address=address, settled_at=None).exists():
            return None
        call = _authorized_call(rail, address, amount, domain)
        return rail.transactions.reserve(wallet, call, deposit_address=address)


def _authorized_call(rail: EvmRail, address: DepositAddress, amount: int, domain: tuple[str, str]) -> bytes:
    name, version = domain
    account = rail.keys.deposit_account(address.pk)
    message = {
        "from": account.address,
        "to": rail.keys.hot_wallet.address,
        "value": amount,
        "validAfter": 0,
        "validBefore": int((timezone.now() + VALID).timestamp()),
        "nonce": secrets.token_bytes(32),
    }
    signed = account.sign_typed_data(
        {"name": name, "version": version, "chainId": rail.chain.chain_id, "verifyingContract": rail.chain.token},
        AUTHORIZATION,
        message,
    )
    r, s = signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")
    return rail.chain.call_of("transferWithAuthorization", *message.values(), signed.v, r, s)
