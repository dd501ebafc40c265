"""Parked batches: what waits for a destination outside the lanes. Settings, metrics and problems say *aside* (`aside_quota_mb`).

Batches beyond the destination's quota are parked (set aside), dead letters that are replayed, and damaged batches restored.

Each entry is the rest of one batch, from a row on, for one destination, and has a file of its own under
`<state directory>/aside` (a second name of the spool's file, not a copy). An entry counts with the transaction that
names it; what follows the commit (`publish`, `forget`) makes that visible to the loops.
"""

from __future__ import annotations

import os
import shutil
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

import orjson
import polars as pl

from agent.errors import DiskFull
from agent.model import Lane
from agent.store import batch_file
from agent.store.batch_file import BatchFile
from agent.store.directory import orphan_files
from agent.store.directory.orphan_files import DatabaseView
from agent.store.origin import Origin
from agent.store.state import State, Transaction, is_disk_full

Reason = Literal["set_aside", "replay", "repair"]

ENTRIES, NEXT = "aside/entry/", "aside/next"


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
        return f"{ENTRIES}{self.destination}/{self.number:016d}"

    def encode(self) -> bytes:
        return orjson.dumps([self.lane, self.row, self.reason, self.since, self.file.encode().decode()])

    @classmethod
    def decode(cls, key: str, data: bytes) -> ParkedBatch:
        destination, number = key.removeprefix(ENTRIES).rsplit("/", 1)
        lane, row, reason, since, file = orjson.loads(data)
        return cls(destination, int(number), lane, BatchFile.decode(file), row, reason, since)


class ParkedBatches:
    """Those of all destinations. Safe for threads."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._folder = state.directory / "aside"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._lock = threading.Lock()
        self._entries: dict[str, dict[int, ParkedBatch]] = {}
        for key in state.keys(ENTRIES):
            entry = ParkedBatch.decode(key, state.data(key) or b"")
            self._entries.setdefault(entry.destination, {})[entry.number] = entry
        self._clear_unnamed()

    # Files

    def link(self, path: Path, file: BatchFile) -> BatchFile:
        """Keep the batch file at `path` here as well, under a name of its own and, where the file system can, without
        a copy. One that is not there is found to be missing when it is read. Raises DiskFull.
        """
        kept = replace(file, name=batch_file.new_name(self._prefix(), file.rows, file.checksum))
        with suppress(FileNotFoundError):
            try:
                _link(path, self._folder / kept.name)
                batch_file.sync_directory(self._folder)
            except OSError as error:
                self.discard(kept)  # a copy may have got half-way
                if is_disk_full(error):
                    raise DiskFull(f"no room in {self._folder} for a batch of {file.size} bytes") from error
                raise
        return kept

    def path(self, file: BatchFile) -> Path:
        return self._folder / file.name

    def write(self, frame: pl.DataFrame, origin: Origin | None = None) -> BatchFile:
        """Bring a shaped frame to disk. Raises DiskFull."""
        return batch_file.write(self._folder, self._prefix(), frame, origin)

    def read(self, entry: ParkedBatch) -> pl.DataFrame:
        """The whole batch, settled rows too. Raises Damaged."""
        return batch_file.read(self._folder, entry.file)

    def discard(self, *files: BatchFile) -> None:
        """Remove files whose transaction did not happen, or whose entry is settled."""
        for file in files:
            (self._folder / file.name).unlink(missing_ok=True)

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
        number = self._state.number(NEXT)
        entry = ParkedBatch(destination, number, lane, file, row, reason, now.isoformat())
        transaction.set(NEXT, number + 1)
        transaction.set(entry.key, entry.encode())
        return entry

    def advance(self, transaction: Transaction, entry: ParkedBatch, row: int) -> ParkedBatch | None:
        """Rows before `row` are settled now: the entry as it is afterwards, None when nothing is left of it."""
        if row >= entry.file.rows:
            transaction.delete(entry.key)
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
        """An entry is settled: its file goes."""
        with self._lock:
            self._entries.get(entry.destination, {}).pop(entry.number, None)
        self.discard(entry.file)

    # Asking

    def entries(self, destination: str, lane: Lane | None = None) -> list[ParkedBatch]:
        """The oldest first."""
        with self._lock:
            return [e for e in self._entries.get(destination, {}).values() if lane in (None, e.lane)]

    def destinations(self) -> list[str]:
        """For whom something is here, also those that the settings no longer name."""
        with self._lock:
            return [name for name, entries in self._entries.items() if entries]

    def first(self, destination: str, lane: Lane) -> ParkedBatch | None:
        with self._lock:
            found = self._entries.get(destination, {}).values()
            return next((entry for entry in found if entry.lane == lane), None)

    def bytes_held(self, destination: str) -> int:
        return sum(entry.file.size for entry in self.entries(destination))

    def sizes(self) -> dict[str, int]:
        """Batches by their checksum, with their bytes: one that the spool has as well lies on the disk once."""
        with self._lock:
            return {e.file.checksum: e.file.size for entries in self._entries.values() for e in entries.values()}

    def _prefix(self) -> str:
        return orphan_files.prefix("aside", self._state.id, self._state.number(NEXT))

    def _clear_unnamed(self) -> None:
        named = frozenset(entry.file.name for entries in self._entries.values() for entry in entries.values())
        view = DatabaseView(self._state.id, {"aside": self._state.number(NEXT)}, named, bool(self._state.doubt()))
        orphan_files.clear(self._folder, view)


def _link(path: Path, place: Path) -> None:
    """A second name for a file; a copy, as durable as the file, where the file system has no such thing."""
    try:
        os.link(path, place)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copy2(path, place)
        batch_file.sync(place)
