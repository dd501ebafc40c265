"""Stored pieces of frames, those used last held in memory; all correlations share one cache, and all baselines another.

Correlations read the same pieces batch after batch and hold them as frames. Baselines read one when it becomes part of
a larger one or an alert asks, and hold them as they are stored, which is a quarter of the memory.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

import polars as pl

from agent.detection.memory.frame_bytes import decoded

ROOM = 192 << 20
"""Bytes of pieces in memory; others are read again from the state when a row comes near them."""


Piece = TypeVar("Piece")


class HeldPieces(Generic[Piece]):
    """Pieces by key; a piece never changes. What no state would give back stays in memory."""

    def __init__(self, recall: Callable[[str], bytes | None], room: int | None = None) -> None:
        """`room`: bytes; `ROOM` unless given."""
        self._recall = recall
        self._room = ROOM if room is None else room
        self._held: OrderedDict[str, Piece] = OrderedDict()
        self._size = 0
        self._can_evict = True
        """Whether pieces may leave memory: false once the state did not give back one that was stored in it."""

    def _read(self, data: bytes) -> Piece:
        """What is held of a piece, from what is stored of it."""
        raise NotImplementedError

    def _bytes(self, piece: Piece) -> int:
        """How much memory it takes."""
        raise NotImplementedError

    def get(self, key: str) -> Piece | None:
        """A piece; None if the state does not have it (any more)."""
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        data = self._recall(key)
        if data is None:
            return None
        piece = self._read(data)
        self._put(key, piece)
        return piece

    def held(self, keys: Iterable[str]) -> dict[str, Piece | None]:
        """Which of these are in memory, None for the others: `commit` of it puts back what is replaced meanwhile."""
        return {key: self._held.get(key) for key in keys}

    def commit(self, pieces: Mapping[str, Piece | None]) -> None:
        """Take over what a batch made (None: deleted, or to be read from the state again)."""
        for key, piece in pieces.items():
            if key in self._held:
                self._size -= self._bytes(self._held.pop(key))
            if piece is not None:
                self._put(key, piece)

    def _put(self, key: str, piece: Piece) -> None:
        """Hold a piece; others leave if there is no room."""
        self._held[key] = piece
        self._size += self._bytes(piece)
        # What was used longest ago goes first. The newest one stays, however large, for it is about to be used.
        while self._size > self._room and self._can_evict and len(self._held) > 1:
            oldest = next(iter(self._held))
            if self._recall(oldest) is None:
                self._can_evict = False
                return
            self._size -= self._bytes(self._held.pop(oldest))


class PieceCache(HeldPieces[pl.DataFrame]):
    """Pieces as frames."""

    def _read(self, data: bytes) -> pl.DataFrame:
        return decoded(data)

    def _bytes(self, piece: pl.DataFrame) -> int:
        return int(piece.estimated_size())


class EncodedPieces(HeldPieces[bytes]):
    """Pieces as they are stored."""

    def _read(self, data: bytes) -> bytes:
        return data

    def _bytes(self, piece: bytes) -> int:
        return len(piece)
