"""Frames just written, handed over without reading them back: one store for the spools of all shards."""

from __future__ import annotations

import threading
from collections import OrderedDict

import polars as pl

MOST_BYTES = 24 << 20
"""Estimated bytes that are kept together: a few batches of 4 MB each, as far as destinations that keep up are behind. Of all
shards, so that a hundred orgs whose SIEM is away do not hold a hundred times as much.
"""

Place = tuple[str, str, int]
"""Shard, lane, number of the batch."""


class RecentFrames:
    """The oldest go first. Safe for threads."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        """`most`: bytes, as `polars.DataFrame.estimated_size` reckons."""
        self._most = most
        self._frames: OrderedDict[Place, tuple[pl.DataFrame, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def keep(self, place: Place, frame: pl.DataFrame) -> None:
        size = int(frame.estimated_size())
        with self._lock:
            self._drop(place)
            self._frames[place] = frame, size
            self._bytes += size
            while self._bytes > self._most:
                self._drop(next(iter(self._frames)))

    def get(self, place: Place) -> pl.DataFrame | None:
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
