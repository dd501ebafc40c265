"""The chain of one shard as it is stored: newest records in the state, all before them in files.

A record begins in the transaction of what it records. The follower writes it to the files, and once it is on the disk there
takes it out of the state. So a kill at any moment leaves each record in one of the two, or in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from agent.store import keys
from agent.store.state import State, StateRecall
from agent.store.transaction import Transaction
from agent.trail.chain import HEAD, RECORD, ChainHead, appended, record_key
from agent.trail.files import ChainFiles
from agent.trail.record import TrailEntry

FILED = "filed"
"""The key under which the state knows how many records the files have."""
TOGETHER = 5_000
"""Records that are written to the files at a time."""


class ShardTrail:
    """Safe for threads; one of them at a time follows."""

    def __init__(self, state: State) -> None:
        self.chain = state.shard
        self.files = ChainFiles(state.directory / "trail")
        self._state = state
        self._recall = StateRecall(state, keys.TRAIL.prefix)

    def append(self, transaction: Transaction, entries: Sequence[TrailEntry], now: datetime) -> None:
        """Record in the caller's transaction."""
        transaction.apply(keys.TRAIL.prefix, appended(self._recall, self.chain, entries, now))

    def head(self) -> ChainHead:
        """How far the chain is, with what the caller's transaction added. Raises ValueError for one that is damaged."""
        return ChainHead.decode(self._recall(HEAD))

    def filed(self) -> int:
        return self._state.number(keys.TRAIL.key(FILED))

    def take_over(self) -> int:
        """Where the state knows no chain and the files have one, go on after it: how many records they have, else 0.

        Raises OSError, StateError.
        """
        if self._recall(HEAD) is not None:
            return 0
        head = ChainHead()
        for line in self.files.lines():
            head = head.followed_by(line)
        if head.size:
            with self._state.transact() as transaction:
                transaction.set(keys.TRAIL.key(HEAD), head.encode())
                transaction.set(keys.TRAIL.key(FILED), head.size)
        return head.size

    def follow(self) -> int:
        """Write what is in the state alone to the files; how many records. Raises TrailCut, OSError, StateError."""
        written = 0
        while pending := self._pending(TOGETHER):
            first, filed = pending[0][0], self.filed()
            self.files.append([line for _, line in pending], first, filed)
            with self._state.transact() as transaction:
                transaction.apply(keys.TRAIL.prefix, {record_key(seq): None for seq, _ in pending})
                transaction.set(keys.TRAIL.key(FILED), pending[-1][0] + 1)
            written += len(pending)
        return written

    def lines(self, first: int = 0) -> Iterator[bytes]:
        """Every record from number `first` on. What a follower moves meanwhile comes once."""
        count = first
        for line in self.files.lines(first):
            yield line
            count += 1
        for seq, line in self._pending():
            if seq >= count:
                yield line

    def _pending(self, most: int | None = None) -> list[tuple[int, bytes]]:
        names = self._state.keys(keys.TRAIL.key(RECORD))[:most]
        prefix = keys.TRAIL.key(RECORD)
        found = [(int(name.removeprefix(prefix)), self._state.data(name)) for name in names]
        return [(seq, line) for seq, line in found if line is not None]
