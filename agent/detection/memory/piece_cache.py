"""Stored pieces of frames, those used last held in memory; all correlations share one cache, and all baselines another."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping

import polars as pl

from agent.detection.memory.frame_bytes import decoded

ROOM = 192 << 20
"""Bytes of decoded pieces in memory; others are read again from the state when a row comes near them."""


class PieceCache:
    """Pieces by key; a piece never changes. What no state would give back stays in memory."""

    def __init__(self, recall: Callable[[str], bytes | None], room: int | None = None) -> None:
        """`room`: bytes; `ROOM` unless given."""
        self._recall = recall
        self._room = ROOM if room is None else room
        self._held: OrderedDict[str, pl.DataFrame] = OrderedDict()
        self._size = 0
        self._can_evict = True
        """Whether pieces may leave memory: false once the state did not give back one that was stored in it."""

    def get(self, key: str) -> pl.DataFrame | None:
        """Rows; None if the state does not have them (any more)."""
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        data = self._recall(key)
        if data is None:
            return None
        frame = decoded(data)
        self._put(key, frame)
        return frame

    def commit(self, pieces: Mapping[str, pl.DataFrame | None]) -> None:
        """Take over what a batch made, after its transaction (None: deleted)."""
        for key, frame in pieces.items():
            if key in self._held:
                self._size -= int(self._held.pop(key).estimated_size())
            if frame is not None:
                self._put(key, frame)

    def _put(self, key: str, frame: pl.DataFrame) -> None:
        """Hold a piece; others leave if there is no room."""
        self._held[key] = frame
        self._size += int(frame.estimated_size())
        # What was used longest ago goes first. The newest one stays, however large, for it is about to be used.
        while self._size > self._room and self._can_evict and len(self._held) > 1:
            oldest = next(iter(self._held))
            if self._recall(oldest) is None:
                self._can_evict = False
                return
            self._size -= int(self._held.pop(oldest).estimated_size())
