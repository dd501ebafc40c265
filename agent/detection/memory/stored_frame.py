"""A frame stored in pieces: a batch writes about as much as it brought, and what is old goes without being read.

A piece never changes and its number is not used again. New rows are pieces of their own; of many small ones of a size a
larger one is made, so that a row is written anew once for each size and not once for each batch. With `MANY` 3:

    rows   9  9  9  9                    a fourth piece of this size: one of 36 rows in their place
           36  9                         sizes are those of `_tier`: each holds eight times the one below
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from agent.detection.memory.frame_bytes import compact, decoded, encoded
from agent.detection.memory.key_parts import key_parts
from agent.detection.memory.piece_cache import EncodedPieces

MANY = 8
"""Of a bucket's pieces of about one size no more than these stay apart."""

LITTLE = 1_000
"""A piece of fewer rows may become part of a larger one. Larger ones cost more to make again than to read."""

BYTES = 800_000
"""Of a stored value at most; the state takes a megabyte."""


@dataclass(frozen=True, slots=True)
class FramePiece:
    """Some rows of a frame, and from when to when they are, in the unit of `PieceLayout.time`."""

    number: int
    rows: int
    oldest: int = 0
    newest: int = 0


@dataclass(frozen=True, slots=True)
class PieceLayout:
    """How the rows of a frame become pieces."""

    time: str = ""
    """The column of whole numbers that says when a row is; without one no piece is old."""
    width: int = 0
    """Of a bucket: how much of `time` a piece may span; 0: any."""
    order: tuple[str, ...] = ()
    """The columns that the rows of a piece are sorted by."""
    rows: int = 50_000
    """In a piece at most."""
    whole: Callable[[pl.DataFrame], pl.DataFrame] = lambda rows: rows
    """Rows of several pieces, in any order, as those of one."""

    def bucket(self, time: int) -> int:
        return time // self.width if self.width else 0


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """Which pieces a frame has. Immutable: a batch makes a new one, which counts from its commit on."""

    prefix: str
    """Of the keys of its pieces."""
    pieces: tuple[FramePiece, ...] = ()
    following: int = 1
    """The number of the next piece."""

    @property
    def rows(self) -> int:
        return sum(piece.rows for piece in self.pieces)

    def key(self, piece: FramePiece) -> str:
        return f"{self.prefix}/{piece.number}"

    @property
    def keys(self) -> list[str]:
        return [self.key(piece) for piece in self.pieces]

    def within(self, since: int, until: int) -> list[FramePiece]:
        """Pieces that may have rows from `since` to `until`, both included."""
        return [piece for piece in self.pieces if piece.newest >= since and piece.oldest <= until]

    def head(self) -> list[object]:
        """For JSON; `of_head` reads it."""
        pieces = [(piece.number, piece.rows, piece.oldest, piece.newest) for piece in self.pieces]
        return [self.following, pieces]


def of_head(prefix: str, head: Sequence[object]) -> StoredFrame:
    """The frame that is stored under `prefix`, by its `StoredFrame.head`."""
    following, pieces = head
    return StoredFrame(prefix, tuple(FramePiece(*piece) for piece in pieces), int(following))  # type: ignore[attr-defined, call-overload]


@dataclass(slots=True)
class PieceWriter:
    """What one batch changes of stored frames; nothing counts before its commit."""

    cache: EncodedPieces
    pieces: dict[str, bytes | None] = field(default_factory=dict)
    """Key to piece; None: deleted. What `EncodedPieces.commit` takes."""
    changes: dict[str, bytes | None] = field(default_factory=dict)
    """Key to what the state has there from the commit on; None: nothing."""

    def read(self, frame: StoredFrame, pieces: Iterable[FramePiece]) -> list[pl.DataFrame]:
        """The rows of each of these pieces, as this batch made them, else as they are stored."""
        return [rows for piece in pieces if (rows := self._rows(frame.key(piece))) is not None]

    def _rows(self, key: str) -> pl.DataFrame | None:
        data = self._data(key)
        return None if data is None else decoded(data)

    def _data(self, key: str) -> bytes | None:
        return self.pieces[key] if key in self.pieces else self.cache.get(key)

    def add(self, frame: StoredFrame, rows: pl.DataFrame, layout: PieceLayout) -> StoredFrame:
        """With these rows; small pieces of the buckets that they are in may become one."""
        before = frame.following
        frame = self._put(frame, rows, layout)
        for bucket in {layout.bucket(piece.oldest) for piece in frame.pieces if piece.number >= before}:
            frame = self._merged(frame, bucket, layout)
        return frame

    def replaced(
        self, frame: StoredFrame, old: Iterable[FramePiece], rows: pl.DataFrame, layout: PieceLayout
    ) -> StoredFrame:
        """With `rows` in the place of some pieces."""
        return self._put(self.without(frame, old), rows, layout)

    def remade(self, frame: StoredFrame, old: Sequence[FramePiece], layout: PieceLayout) -> StoredFrame:
        """With the rows of some pieces put together, some groups at a time (`key_parts`); as it is where one of the pieces cannot be read."""
        stored = [data for piece in old if (data := self._data(frame.key(piece))) is not None]
        if len(stored) < len(old):
            return frame
        made = frame
        for groups in key_parts(sum(piece.rows for piece in old)):
            rows = pl.concat([compact(decoded(data).filter(groups)) for data in stored])
            made = self._put(made, layout.whole(rows), layout)
        return self.without(made, old)

    def without(self, frame: StoredFrame, old: Iterable[FramePiece]) -> StoredFrame:
        """With these pieces deleted."""
        gone = {piece.number for piece in old}
        if not gone:
            return frame
        for key in (frame.key(piece) for piece in frame.pieces if piece.number in gone):
            self.pieces[key] = self.changes[key] = None
        return replace(frame, pieces=tuple(piece for piece in frame.pieces if piece.number not in gone))

    def _put(self, frame: StoredFrame, rows: pl.DataFrame, layout: PieceLayout) -> StoredFrame:
        """Store rows in pieces of their own, each of one bucket."""
        new: list[FramePiece] = []
        for part in _by_bucket(rows, layout):
            for sliced in part.iter_slices(layout.rows):
                self._store(frame, sliced, layout, new)
        return replace(frame, pieces=(*frame.pieces, *new), following=frame.following + len(new))

    def _store(self, frame: StoredFrame, rows: pl.DataFrame, layout: PieceLayout, new: list[FramePiece]) -> None:
        """Store rows, which must not be none, as one piece, or halved until the state takes each; they are appended to `new`."""
        rows = rows.rechunk()
        data = encoded(rows)
        if len(data) > BYTES and rows.height > 1:
            half = rows.height // 2
            self._store(frame, rows[:half], layout, new)
            self._store(frame, rows[half:], layout, new)
            return
        span = (int(rows[layout.time].min()), int(rows[layout.time].max())) if layout.time else (0, 0)  # type: ignore[arg-type]
        piece = FramePiece(frame.following + len(new), rows.height, *span)
        new.append(piece)
        self.pieces[frame.key(piece)] = self.changes[frame.key(piece)] = data

    def _merged(self, frame: StoredFrame, bucket: int, layout: PieceLayout) -> StoredFrame:
        """With the pieces of a bucket that are of one size made one, where they are many."""
        tiers: dict[int, list[FramePiece]] = {}
        for piece in frame.pieces:
            if piece.rows < LITTLE and layout.bucket(piece.oldest) == bucket:
                tiers.setdefault(_tier(piece), []).append(piece)
        for tier in sorted(tiers):
            if len(tiers[tier]) > MANY:
                parts = self.read(frame, tiers[tier])
                if len(parts) == len(tiers[tier]):  # what cannot be read is left where it is
                    return self.replaced(frame, tiers[tier], layout.whole(pl.concat(parts)), layout)
        return frame


def _tier(piece: FramePiece) -> int:
    """Pieces of one size: each holds eight times the rows of the one below."""
    return piece.rows.bit_length() // 3


def _by_bucket(rows: pl.DataFrame, layout: PieceLayout) -> list[pl.DataFrame]:
    """Rows in the order of the layout, apart by bucket; none if there are no rows."""
    if not rows.height:
        return []
    if layout.order:
        rows = rows.sort(layout.order)
    if not layout.width:
        return [rows]
    times = rows[layout.time]
    if layout.bucket(int(times.min())) == layout.bucket(int(times.max())):  # type: ignore[arg-type]
        return [rows]  # nearly all batches: parting them costs as much as the rest
    buckets = rows.with_columns((pl.col(layout.time) // layout.width).alias("\0bucket"))
    return buckets.partition_by("\0bucket", include_key=False, maintain_order=True)
