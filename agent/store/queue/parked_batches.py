"""Parked batches: what waits for a destination outside the lanes. Settings, metrics and problems say *aside* (`aside_quota_mb`).

Batches beyond the destination's quota are parked (set aside), dead letters that are replayed, and damaged batches restored.

Each entry is the rest of one batch, from a row on, for one destination, and has a file of its own under
`<state directory>/aside` (a second name of the spool's file, not a copy). An entry counts with the transaction that
names it; what follows the commit (`publish`, `forget`) makes that visible to the loops.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import orjson
import polars as pl

from agent.columns.frame_parts import FrameParts
from agent.model import Lane
from agent.store import keys
from agent.store.batch_file import BatchFile
from agent.store.batch_store import BatchStore
from agent.store.origin import Origin
from agent.store.state import State
from agent.store.transaction import Transaction

Reason = Literal["set_aside", "replay", "repair"]


@dataclass(frozen=True, slots=True)
class ParkedBatch:
    """The rest of a batch that one destination still has to take, and why it is parked."""

    destination: str
    number: int
    lane: Lane
    file: BatchFile
    row: int
    """Rows before this one are settled."""
    reason: Reason
    since: str
    """ISO 8601."""

    @property
    def rows(self) -> int:
        return self.file.rows - self.row

    @property
    def key(self) -> str:
        return keys.PARKED.key(self.destination, self.number)

    def encode(self) -> bytes:
        return orjson.dumps([self.lane, self.row, self.reason, self.since, self.file.encode().decode()])

    @classmethod
    def decode(cls, key: str, data: bytes) -> ParkedBatch:
        destination, number = keys.PARKED.rest(key).rsplit("/", 1)
        lane, row, reason, since, file = orjson.loads(data)
        return cls(destination, int(number), lane, BatchFile.decode(file), row, reason, since)


class ParkedBatches:
    """Those of all destinations. Safe for threads."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._batches = state.batches("aside")
        self._lock = threading.Lock()
        self._entries: dict[str, dict[int, ParkedBatch]] = {}
        for key in state.keys(keys.PARKED.prefix):
            entry = ParkedBatch.decode(key, state.data(key) or b"")
            self._entries.setdefault(entry.destination, {})[entry.number] = entry
        self._clear_unnamed()

    # Files

    def hold_copy(self, batches: BatchStore, file: BatchFile) -> BatchFile:
        """Keep a batch of the spool (`batches`) here as well, where it can be without a copy. Raises DiskFull."""
        return self._batches.hold_copy(batches, file, "aside", self._next())

    def write(self, frames: Sequence[pl.DataFrame], origins: Sequence[Origin | None] = ()) -> BatchFile:
        """Bring shaped frames, at least one, to disk as one batch. Raises DiskFull.

        `origins`: one for each frame, or none at all.
        """
        return self._batches.hold(frames, "aside", self._next(), origins)

    def read(self, entry: ParkedBatch) -> FrameParts:
        """The whole batch, settled rows too. Raises Damaged."""
        return FrameParts(self._batches.read(entry.file))

    def discard(self, *files: BatchFile) -> None:
        """Remove files whose transaction did not happen."""
        self._batches.discard(*files)

    # Entries, inside a transaction of the caller's

    def add(
        self,
        transaction: Transaction,
        destination: str,
        lane: Lane,
        file: BatchFile,
        row: int,
        reason: Reason,
        now: datetime,
    ) -> ParkedBatch:
        """A new entry at the end of a destination's; `publish` it after the commit."""
        number = self._next()
        entry = ParkedBatch(destination, number, lane, file, row, reason, now.isoformat())
        self._batches.put(transaction, file)
        transaction.set(keys.NEXT_PARKED.prefix, number + 1)
        transaction.set(entry.key, entry.encode())
        return entry

    def advance(self, transaction: Transaction, entry: ParkedBatch, row: int) -> ParkedBatch | None:
        """Rows before `row` are settled now: the entry as it is afterwards, None when nothing is left of it."""
        if row >= entry.file.rows:
            transaction.delete(entry.key)
            self._batches.delete(transaction, entry.file)
            return None
        moved = replace(entry, row=row)
        transaction.set(entry.key, moved.encode())
        return moved

    # After the commit

    def publish(self, *entries: ParkedBatch) -> None:
        with self._lock:
            for entry in entries:
                self._entries.setdefault(entry.destination, {})[entry.number] = entry

    def forget(self, entry: ParkedBatch) -> None:
        """An entry is settled."""
        with self._lock:
            self._entries.get(entry.destination, {}).pop(entry.number, None)

    # Asking

    def entries(self, destination: str, lane: Lane | None = None) -> list[ParkedBatch]:
        """The oldest first."""
        if not self._entries.get(destination):
            return []  # what is asked again and again takes no lock while there is nothing
        with self._lock:
            return [e for e in self._entries.get(destination, {}).values() if lane in (None, e.lane)]

    def destinations(self) -> list[str]:
        """For whom something is here, also those that the settings no longer name."""
        with self._lock:
            return [name for name, entries in self._entries.items() if entries]

    def first(self, destination: str, lane: Lane) -> ParkedBatch | None:
        if not self._entries.get(destination):
            return None
        with self._lock:
            found = self._entries[destination].values()
            return next((entry for entry in found if entry.lane == lane), None)

    def bytes_held(self, destination: str) -> int:
        return sum(entry.file.size for entry in self.entries(destination))

    def sizes(self) -> dict[str, int]:
        """Batches by their checksum, with their bytes: one that the spool has as well lies on the disk once."""
        with self._lock:
            return {e.file.checksum: e.file.size for entries in self._entries.values() for e in entries.values()}

    def _next(self) -> int:
        return self._state.number(keys.NEXT_PARKED.prefix)

    def _clear_unnamed(self) -> None:
        named = frozenset(entry.file.name for entries in self._entries.values() for entry in entries.values())
        self._batches.clear({"aside": self._next()}, named)
