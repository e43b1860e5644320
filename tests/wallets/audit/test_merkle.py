"""Merkle trees as RFC 6962 defines them, so that anybody's library computes the same roots."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallets.audit.merkle import MerkleTree, leaf_of

# Leaves and roots that implementations of Certificate Transparency test themselves with.
LEAVES = [
    bytes.fromhex(text)
    for text in ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def tree_of(data: list[bytes]) -> MerkleTree:
    tree = MerkleTree()
    for item in data:
        tree.add(leaf_of(item))
    return tree


def root_by_definition(data: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not data:
        return sha256(b"").digest()
    if len(data) == 1:
        return sha256(b"\x00" + data[0]).digest()
    split = 1
    while split * 2 < len(data):
        split *= 2
    return sha256(b"\x01" + root_by_definition(data[:split]) + root_by_definition(data[split:])).digest()


@pytest.mark.parametrize(("size", "root"), ROOTS.items())
def test_known_trees_have_their_known_roots(size, root):
    assert tree_of(LEAVES[:size]).root.hex() == root


@given(st.lists(st.binary(max_size=4), max_size=70))
def test_a_streamed_tree_is_the_tree_of_the_definition(data):
    assert tree_of(data).root == root_by_definition(data)


def test_a_tree_of_many_leaves_remembers_few():
    tree = tree_of([b"x"] * 10_000)
    assert tree.size == 10_000
    assert len(tree._complete) <= 14
