"""The tree is that of RFC 9162, whatever its size."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.trail.tree import EMPTY, Frontier, inclusion_path, leaf_hash, root_from_path


def obvious_root(entries: list[bytes]) -> bytes:
    """Section 2.1.1, as it is written there."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    half = 1
    while half * 2 < len(entries):
        half *= 2
    return hashlib.sha256(b"\x01" + obvious_root(entries[:half]) + obvious_root(entries[half:])).digest()


def grown(entries: list[bytes]) -> Frontier:
    frontier = Frontier()
    for entry in entries:
        frontier = Frontier.decode(frontier.append(leaf_hash(entry)).encode())
    return frontier


@given(st.lists(st.binary(max_size=8), max_size=40))
def test_a_tree_that_grows_has_the_root_of_the_definition(entries: list[bytes]) -> None:
    """Leaf by leaf, kept in bytes between, it is the tree over all of them."""
    assert grown(entries).root == obvious_root(entries)


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=40), st.data())
def test_a_path_leads_from_its_leaf_to_the_root_and_from_no_other(entries: list[bytes], data: st.DataObject) -> None:
    """A path proves one leaf at one place."""
    index = data.draw(st.integers(0, len(entries) - 1))
    path = inclusion_path([leaf_hash(entry) for entry in entries], index)
    root = obvious_root(entries)
    assert root_from_path(leaf_hash(entries[index]), index, len(entries), path) == root
    assert root_from_path(leaf_hash(entries[index] + b"changed"), index, len(entries), path) != root


@pytest.mark.parametrize("index, size, steps", [(0, 1, 1), (0, 2, 0), (2, 2, 1), (-1, 4, 2), (0, 4, 3)])
def test_a_path_of_another_length_is_refused(index: int, size: int, steps: int) -> None:
    """A path that is too short, too long, or of no leaf proves nothing."""
    with pytest.raises(ValueError, match=r"path|leaf"):
        root_from_path(EMPTY, index, size, [EMPTY] * steps)
