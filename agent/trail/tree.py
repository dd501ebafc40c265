"""Merkle trees as RFC 9162 section 2.1 has them, with SHA-256: over any number of leaves, in the order in which they came."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

HASH_BYTES = 32
EMPTY = hashlib.sha256(b"").digest()
"""The root of no leaves."""


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """What must be kept of a tree to let it grow: the roots of the full trees it is made of, the largest first."""

    size: int = 0
    roots: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> Frontier:
        """With one more leaf, given by its hash."""
        roots, left = list(self.roots), self.size
        while left & 1:
            leaf, left = node_hash(roots.pop(), leaf), left >> 1
        return Frontier(self.size + 1, (*roots, leaf))

    @property
    def root(self) -> bytes:
        if not self.roots:
            return EMPTY
        root = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            root = node_hash(left, root)
        return root

    def encode(self) -> bytes:
        return self.size.to_bytes(8, "big") + b"".join(self.roots)

    @classmethod
    def decode(cls, raw: bytes) -> Frontier:
        """Raises ValueError for what is not one."""
        size, roots = int.from_bytes(raw[:8], "big"), raw[8:]
        if len(raw) < 8 or len(roots) != size.bit_count() * HASH_BYTES:
            raise ValueError("these bytes are not what is kept of a tree")
        return cls(size, tuple(roots[at : at + HASH_BYTES] for at in range(0, len(roots), HASH_BYTES)))


class GrowingTree:
    """The same for whoever reads a million leaves: it changes in place, and its root is computed where it is asked for."""

    def __init__(self) -> None:
        self.size = 0
        self._roots: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """One more leaf, given by its hash."""
        left = self.size
        while left & 1:
            leaf, left = node_hash(self._roots.pop(), leaf), left >> 1
        self._roots.append(leaf)
        self.size += 1

    @property
    def root(self) -> bytes:
        return Frontier(self.size, tuple(self._roots)).root


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from the leaf at `index` to the root of all `leaves` (section 2.1.3.1), the nearest first."""
    if len(leaves) <= 1:
        return []
    half = _split(len(leaves))
    if index < half:
        return [*inclusion_path(leaves[:half], index), _root(leaves[half:])]
    return [*inclusion_path(leaves[half:], index - half), _root(leaves[:half])]


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root to which an inclusion path leads (section 2.1.3.2). Raises ValueError for a path that cannot be one."""
    if not 0 <= index < size:
        raise ValueError(f"the leaf {index} is not in a tree of {size}")
    node, last, root = index, size - 1, leaf
    for step in path:
        if last == 0:
            raise ValueError("the path is too long")
        if node & 1 or node == last:
            root = node_hash(step, root)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            root = node_hash(root, step)
        node, last = node >> 1, last >> 1
    if last:
        raise ValueError("the path is too short")
    return root


def _root(leaves: Sequence[bytes]) -> bytes:
    tree = GrowingTree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1
