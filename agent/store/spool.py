"""The log between the two loops: batch files in two lanes, and positions in them.

Where a batch is kept, and what a kill in between leaves, is its store's business (`agent.store.batch_store`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

import polars as pl

from agent.columns.frame_parts import FrameParts
from agent.model import LANES, Lane
from agent.store import keys
from agent.store.batch_file import BatchFile
from agent.store.batch_store import BatchStore
from agent.store.lane_sums import LaneSums
from agent.store.origin import Origin
from agent.store.recent_frames import RecentFrames
from agent.store.state import State
from agent.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class SpoolEntry:
    """One batch as the state names it."""

    lane: Lane
    sequence: int
    file: BatchFile


@dataclass(frozen=True, slots=True)
class UncommittedBatch:
    """A batch on disk that no transaction names yet."""

    lane: Lane
    file: BatchFile
    rows: FrameParts


@dataclass(frozen=True, slots=True)
class Position:
    """Where a destination stands in a lane: rows before `row` of batch `sequence` are settled."""

    sequence: int
    row: int = 0

    def __str__(self) -> str:
        return f"{self.sequence}:{self.row}"

    @classmethod
    def parse(cls, text: str) -> Position:
        sequence, row = text.split(":")
        return cls(int(sequence), int(row))


class Spool:
    """The log of one shard; safe for threads (one writer, many readers)."""

    def __init__(
        self, state: State, grown: threading.Condition | None = None, recent: RecentFrames | None = None
    ) -> None:
        """`grown`: the condition that the spools of several shards share, for who follows all of them; `recent`: the frames
        that they keep in memory together.
        """
        self._state = state
        self.batches: BatchStore = state.batches("spool")
        self._recent = recent or RecentFrames()
        self._lock = threading.Lock()
        self.grown = grown or threading.Condition()
        """Notified after every commit that added batches."""
        self._entries: dict[Lane, dict[int, SpoolEntry]] = {lane: dict(self._load(lane)) for lane in LANES}
        self._sums = {lane: LaneSums() for lane in LANES}
        for lane in LANES:
            for entry in self._entries[lane].values():
                self._sums[lane].add(entry.sequence, entry.file)
        self._next: dict[Lane, int] = {lane: state.number(keys.NEXT_BATCH.key(lane)) for lane in LANES}
        self._clear_unnamed()

    # Writing

    def write(
        self, lane: Lane, frames: Sequence[pl.DataFrame], origins: Sequence[Origin | None] = ()
    ) -> UncommittedBatch:
        """Bring shaped frames, at least one, to disk as one batch. Raises DiskFull (nothing is left behind then).

        `origins`: one for each frame, or none at all.
        """
        file = self.batches.hold(frames, lane, self._next[lane], origins)
        return UncommittedBatch(lane, file, FrameParts(frames))

    def name(self, transaction: Transaction, written: Sequence[UncommittedBatch]) -> list[SpoolEntry]:
        """Give files their places in their lanes; effective with the transaction. Call `publish` after it."""
        entries: list[SpoolEntry] = []
        following = dict(self._next)
        for uncommitted in written:
            sequence = following[uncommitted.lane]
            following[uncommitted.lane] = sequence + 1
            entries.append(SpoolEntry(uncommitted.lane, sequence, uncommitted.file))
            self.batches.put(transaction, uncommitted.file)
            transaction.set(keys.BATCH.key(uncommitted.lane, sequence), uncommitted.file.encode())
            transaction.set(keys.NEXT_BATCH.key(uncommitted.lane), sequence + 1)
        return entries

    def publish(self, entries: Sequence[SpoolEntry], written: Sequence[UncommittedBatch]) -> None:
        """After the commit: let readers see the batches, the fresh frames from memory."""
        with self._lock:
            for entry, uncommitted in zip(entries, written, strict=True):
                self._entries[entry.lane][entry.sequence] = entry
                self._sums[entry.lane].add(entry.sequence, entry.file)
                self._next[entry.lane] = entry.sequence + 1
                self._recent.keep((self._state.shard, entry.lane, entry.sequence), uncommitted.rows)
        with self.grown:
            self.grown.notify_all()

    def discard(self, written: Sequence[UncommittedBatch]) -> None:
        """Remove files whose transaction did not happen."""
        self.batches.discard(*(uncommitted.file for uncommitted in written))

    # Reading

    def end(self, lane: Lane) -> Position:
        """Where the next batch will stand."""
        return Position(self._next[lane])

    def start(self, lane: Lane) -> Position:
        """The oldest batch still kept."""
        with self._lock:
            oldest = self._sums[lane].oldest()
            return Position(self._next[lane] if oldest is None else oldest)

    def entry(self, lane: Lane, sequence: int) -> SpoolEntry | None:
        return self._entries[lane].get(sequence)

    def read(self, entry: SpoolEntry) -> FrameParts:
        """The batch's rows. Raises Damaged for a batch that is missing or damaged."""
        rows = self._recent.get((self._state.shard, entry.lane, entry.sequence))
        return rows if rows is not None else FrameParts(self.batches.read(entry.file))

    def rows_between(self, lane: Lane, start: Position, end: Position) -> int:
        """Rows from `start` up to `end`, counted from the entries."""
        with self._lock:
            rows = self._sums[lane].behind(start.sequence)[0] - self._sums[lane].behind(end.sequence)[0]
        # Batches count whole: of the first, rows before `start.row` are settled; `end` takes `end.row` of its own batch.
        return rows - start.row + end.row

    def stored_rows(self, lane: Lane, start: Position) -> int:
        """As `rows_between(start, end)`, but as the state has it: exact inside a transaction."""
        return sum(e.file.rows for s, e in self._load(lane) if s >= start.sequence) - start.row

    def bytes_held(self) -> int:
        with self._lock:
            return sum(sums.behind(0)[1] for sums in self._sums.values())

    def bytes_from(self, lane: Lane, start: Position) -> int:
        """What a destination at `start` has before it in this lane."""
        with self._lock:
            return self._sums[lane].behind(start.sequence)[1]

    def sizes(self) -> dict[str, int]:
        """Batches by their checksum, with their bytes."""
        with self._lock:
            return {e.file.checksum: e.file.size for entries in self._entries.values() for e in entries.values()}

    # Trimming

    def trim(self, lowest: Mapping[Lane, Position]) -> int:
        """Let go of batches that every destination has settled: `lowest` is the smallest position in each lane.

        Returns how many batch files went.
        """
        with self._lock:
            # A position within a batch (row above 0) still needs it: only whole batches before the position go.
            # The oldest comes first, so that whoever trims does not go through all that waits.
            settled = [
                entry
                for lane, position in lowest.items()
                for entry in takewhile(partial(_is_before, position), self._entries[lane].values())
            ]
        if not settled:
            return 0
        with self._state.transact() as transaction:
            for entry in settled:
                transaction.delete(keys.BATCH.key(entry.lane, entry.sequence))
            self.batches.delete(transaction, *(entry.file for entry in settled))
        with self._lock:
            for entry in settled:
                self._entries[entry.lane].pop(entry.sequence, None)  # two may trim at once
                self._sums[entry.lane].remove(entry.sequence)
                self._recent.drop((self._state.shard, entry.lane, entry.sequence))
        return len(settled)

    # Inside

    def _load(self, lane: Lane) -> Iterator[tuple[int, SpoolEntry]]:
        for key in self._state.keys(keys.BATCH.key(lane, "")):
            sequence = int(key.rsplit("/", 1)[1])
            yield sequence, SpoolEntry(lane, sequence, BatchFile.decode(self._state.data(key) or b""))

    def _clear_unnamed(self) -> None:
        named = frozenset(entry.file.name for entries in self._entries.values() for entry in entries.values())
        following = {str(lane): number for lane, number in self._next.items()}
        self.batches.clear(following, named)


def _is_before(position: Position, entry: SpoolEntry) -> bool:
    return entry.sequence < position.sequence
