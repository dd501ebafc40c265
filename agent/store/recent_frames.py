"""Frames just written, handed over without reading them back: one store for the spools of all shards."""

from __future__ import annotations

import threading
from collections import OrderedDict

from agent.columns.frame_parts import FrameParts

MOST_BYTES = 24 << 20
"""Estimated bytes that are kept together: a few batches of 4 MB each, as far as destinations that keep up are behind. Of all
shards, so that a hundred orgs whose SIEM is away do not hold a hundred times as much.
"""
COLUMN_BYTES = 1_600
"""What a column takes beside its cells, which no estimate reckons: a shaped row of 52 columns, estimated at 730 bytes, takes
83 kB in the daemon (growth of 100 such batches that nobody took): each text has a buffer of its own, larger than itself.
"""

Place = tuple[str, str, int]
"""Shard, lane, number of the batch."""


class RecentFrames:
    """The oldest go first. Safe for threads."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        """`most`: bytes, as `polars.DataFrame.estimated_size` reckons, and `COLUMN_BYTES` for each column."""
        self._most = most
        self._frames: OrderedDict[Place, tuple[FrameParts, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def keep(self, place: Place, rows: FrameParts) -> None:
        size = sum(int(frame.estimated_size()) + COLUMN_BYTES * frame.width for frame in rows.frames)
        with self._lock:
            self._drop(place)
            self._frames[place] = rows, size
            self._bytes += size
            while self._bytes > self._most:
                self._drop(next(iter(self._frames)))

    def get(self, place: Place) -> FrameParts | None:
        with self._lock:
            found = self._frames.get(place)
        return found[0] if found is not None else None

    def bytes_held(self) -> int:
        with self._lock:
            return self._bytes

    def drop(self, place: Place) -> None:
        with self._lock:
            self._drop(place)

    def _drop(self, place: Place) -> None:
        found = self._frames.pop(place, None)
        if found is not None:
            self._bytes -= found[1]
