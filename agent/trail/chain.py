"""Appending to a chain: what is to be stored, as keys and values, for the transaction of what is recorded.

Nothing is read or written here but through what is handed in: `recall` sees the state inside the transaction, so that two
writers of one shard can never fork its chain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from agent.trail.record import FIRST, TrailEntry, link, written
from agent.trail.tree import HASH_BYTES, Frontier

HEAD = "head"
"""The key under which a chain's head is kept: its last link and its frontier."""
RECORD, PERSONAL = "record/", "personal/"
"""What keys of records begin with that no file has yet, and of what stands beside them; the number follows."""

Recall = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class ChainHead:
    """How far a chain is."""

    link: bytes = FIRST
    frontier: Frontier = field(default_factory=Frontier)

    @property
    def size(self) -> int:
        """How many records it has."""
        return self.frontier.size

    @property
    def root(self) -> bytes:
        """Of the tree over all of them."""
        return self.frontier.root

    def encode(self) -> bytes:
        return self.link + self.frontier.encode()

    @classmethod
    def decode(cls, raw: bytes | None) -> ChainHead:
        """None: of an empty chain. Raises ValueError for what is not one."""
        if raw is None:
            return cls()
        return cls(raw[:HASH_BYTES], Frontier.decode(raw[HASH_BYTES:]))

    def followed_by(self, line: bytes) -> ChainHead:
        """With one more record."""
        leaf = link(line)
        return ChainHead(leaf, self.frontier.append(leaf))


def appended(recall: Recall, chain: str, entries: Sequence[TrailEntry], now: datetime) -> Mapping[str, bytes]:
    """What to store, by key, so that the chain has these entries as well; nothing for none.

    Raises ValueError for a head that cannot be read, and NotARecord for an entry that is too long.
    """
    if not entries:
        return {}
    head, stored = ChainHead.decode(recall(HEAD)), dict[str, bytes]()
    for entry in entries:
        line, beside = written(entry, chain, head.size, head.link, now)
        stored[record_key(head.size)] = line
        if beside is not None:
            stored[personal_key(head.size)] = beside
        head = head.followed_by(line)
    return {**stored, HEAD: head.encode()}


def record_key(seq: int) -> str:
    return f"{RECORD}{seq:016d}"


def personal_key(seq: int) -> str:
    return f"{PERSONAL}{seq:016d}"
