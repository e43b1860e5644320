"""What the seals promise: one chain, and transfers that are still as they were sealed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from wallets.audit.checks import Check, Finding, Outcome, Promise, snapshot
from wallets.audit.merkle import MerkleTree
from wallets.audit.models import NO_SEAL_BEFORE, Seal
from wallets.audit.seals import BEGINNING, leaves

# What is wrong with a seal, one after the other.
Faults = Iterator[tuple[Seal, str]]


@dataclass(frozen=True)
class SealCheck:
    """A promise of the seals, which is looked at in a stream because hashes are computed here."""

    name: str
    faults: Callable[[], Faults]

    def look(self) -> Outcome:
        with snapshot():
            return Outcome.of(self.name, (Finding(self.name, str(seal), detail) for seal, detail in self.faults()))


def broken_links() -> Faults:
    """Seals that do not say what their hash stands for, or do not follow the one before."""
    number, previous_hash = 0, NO_SEAL_BEFORE
    for seal in _seals():
        if seal.hash != seal.compute_hash():
            yield seal, f"its hash is {seal.hash}, what it says hashes to {seal.compute_hash()}"
        if (seal.number, seal.previous_hash) != (number + 1, previous_hash):
            yield seal, f"it follows the hash {seal.previous_hash}, but seal {number} has the hash {previous_hash}"
        number, previous_hash = seal.number, seal.hash


def broken_roots() -> Faults:
    """Seals that cover other transfers today than when they were made. One pass over both, side by side."""
    last = Seal.objects.order_by("number").last()
    transfers = leaves(BEGINNING, last.horizon) if last else iter(())
    pending = next(transfers, None)
    for seal in _seals():
        tree = MerkleTree()
        while pending and pending[0] < seal.horizon:
            tree.add(pending[1])
            pending = next(transfers, None)
        if (tree.size, tree.root.hex()) != (seal.transfers, seal.root):
            yield seal, f"it sealed {_say(seal.transfers, seal.root)}, now there are {_say(tree.size, tree.root.hex())}"


def _seals() -> Iterator[Seal]:
    return Seal.objects.order_by("number").iterator()


def _say(transfers: int, root: str) -> str:
    return f"{transfers} transfers with the root {root}"


CHECKS: list[Promise] = [
    SealCheck("the seals are one unbroken chain", broken_links),
    SealCheck("the transfers are as they were sealed", broken_roots),
    Check(
        "the last seal's totals are the sums of the entries before it",
        "it says {} for {}, the entries sum to {} micro-USDC",
        "WITH last AS (SELECT number, horizon, totals FROM audit_seal ORDER BY number DESC LIMIT 1),"
        " sealed AS (SELECT key AS kind, value::bigint AS total FROM last, jsonb_each_text(totals)),"
        " summed AS (SELECT a.kind, sum(e.amount) AS total FROM last JOIN wallets_transfer t"
        " ON t.created_at < last.horizon JOIN wallets_entry e ON e.transfer_id = t.id"
        " JOIN wallets_account a ON a.id = e.account_id GROUP BY a.kind)"
        " SELECT 'seal ' || last.number, coalesce(sealed.total, 0), kind, coalesce(summed.total, 0)"
        " FROM last, sealed FULL JOIN summed USING (kind)"
        " WHERE coalesce(sealed.total, 0) <> coalesce(summed.total, 0)",
    ),
]
