"""What an operator looks at."""

from collections.abc import Iterator

from marketplace.money import format_usdc
from wallets.rails.evm.models import ChainTransaction, HotWallet
from wallets.rails.evm.rail import EvmRail
from wallets.rails.evm.transactions import ETHER


def hot_wallet_report(rail: EvmRail) -> Iterator[str]:
    """Lines about the hot wallet and each of its transactions that is not final. Raises RailUnavailable."""
    address, chain = rail.keys.hot_wallet.address, rail.chain
    yield f"Hot wallet {address} on chain {chain.chain_id}"
    yield f"  USDC        {format_usdc(chain.tokens(address))}"
    yield f"  for gas     {chain.ether(address) / ETHER:.6f} of the chain's coin"
    wallet = HotWallet.objects.filter(chain_id=chain.chain_id, address=address).first()
    ours = wallet.next_nonce if wallet else "none given out yet"
    yield f"  next nonce  {ours} here, {chain.nonces_used(address, 'pending')} on the chain"
    for waiting in ChainTransaction.objects.filter(hot_wallet=wallet, settled_at=None).order_by("nonce"):
        yield from _about(rail, waiting)


def _about(rail: EvmRail, waiting: ChainTransaction) -> Iterator[str]:
    what = f"withdrawal {waiting.withdrawal_id}" if waiting.withdrawal_id else "sweep of a deposit address"
    yield f"Nonce {waiting.nonce}: {what}, since {waiting.created_at:%Y-%m-%d %H:%M}"
    for signed in waiting.signatures.order_by("id"):
        yield f"  {signed.hash} {_state(rail, signed.hash)}"


def _state(rail: EvmRail, hash: str) -> str:
    if rail.chain.receipt(hash):
        return "is mined"
    return "waits" if rail.chain.knows(hash) else "is unknown to the node"
