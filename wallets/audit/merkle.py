"""Merkle trees as of RFC 6962, section 2.1 (SHA-256), built from a stream in memory that grows with its logarithm."""

from hashlib import sha256

LEAF, NODE = b"\x00", b"\x01"


def leaf_of(data: bytes) -> bytes:
    """The leaf that stands for the data. The prefix keeps a leaf from being passed off as a node."""
    return sha256(LEAF + data).digest()


def node_of(left: bytes, right: bytes) -> bytes:
    return sha256(NODE + left + right).digest()


class MerkleTree:
    """Takes leaves in order; keeps only the roots of its complete subtrees, largest first."""

    def __init__(self) -> None:
        self.size = 0
        self._complete: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Appends a leaf. As in binary counting, each 1 that carries joins two subtrees of the same size."""
        carries = self.size
        while carries & 1:
            leaf = node_of(self._complete.pop(), leaf)
            carries >>= 1
        self._complete.append(leaf)
        self.size += 1

    @property
    def root(self) -> bytes:
        if not self._complete:
            return sha256().digest()
        *larger, root = self._complete
        for subtree in reversed(larger):
            root = node_of(subtree, root)
        return root
