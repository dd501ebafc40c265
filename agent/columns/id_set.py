"""A set of event ids that takes little room, and answers for a single id as quickly as for a large column."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable

import polars as pl
import pyarrow as pa

from agent.columns.small import SMALL

DIGITS = 16
"""Of the 32 hexadecimal digits of an id that are kept."""
FEW = 16
"""Ids up to which each is looked for by itself: a part costs such a search 1 to 2 µs an id, and Polars 30 µs in all."""
_GROWTH = 4
"""A part is joined to the next once it is less than this many times larger."""


class IdSet:
    """A set of event ids in 8 bytes each (the first half of the id), sorted; joined as it grows, so that few pieces are searched.

    Two ids agree in that half with a chance of 1 in 10⁷ among two million.
    """

    def __init__(self, pieces: Iterable[bytes] = ()) -> None:
        """`pieces`: what `add` gave for earlier batches, in any order."""
        self._parts: list[_SortedPart] = []
        whole = b"".join(pieces)
        if whole:
            self.add_halves(from_bytes(whole))

    def __len__(self) -> int:
        return sum(len(part.numbers) for part in self._parts)

    def mask(self, ids: pl.Series) -> pl.Series:
        """`Boolean`: which ids (`String`) are in the set."""
        return self.mask_halves(halves(ids))

    def mask_halves(self, needles: pl.Series) -> pl.Series:
        """`Boolean`: which of `needles` (`UInt64`, what `halves` gives) are in the set."""
        if len(needles) <= FEW:
            return pl.Series([half in self for half in needles.to_list()], dtype=pl.Boolean)
        found = pl.Series([False]).new_from_index(0, len(needles))
        if not self._parts:
            return found
        # Sorted for the search, with the row beside it for the way back.
        ordered = needles.alias("half").to_frame().with_row_index("row").sort("half")
        for part in self._parts:
            # Sorted needles go through sorted hay from one end to the other: kind to the processor's cache.
            places = part.numbers.search_sorted(ordered["half"]).clip(0, len(part.numbers) - 1)
            found |= part.numbers.gather(places) == ordered["half"]
        return pl.DataFrame([ordered["row"], found.alias("found")]).sort("row")["found"]

    def __contains__(self, half: int) -> bool:
        """Whether the id is in the set that begins with this half."""
        return any(half in part for part in self._parts)

    def add(self, ids: pl.Series) -> bytes:
        """Take ids (`String`) in; returns their piece, 8 bytes an id."""
        ordered = halves(ids).sort()
        self.add_halves(ordered)
        return to_bytes(ordered)

    def add_halves(self, numbers: pl.Series) -> None:
        """Take in what `halves` gave (`UInt64`). Parts shrink by `_GROWTH` from one to the next, so there are log4(n)."""
        if not len(numbers):
            return
        part = numbers.sort()
        while self._parts and len(self._parts[-1].numbers) < _GROWTH * len(part):
            part = pl.concat([self._parts.pop().numbers, part]).sort()
        self._parts.append(_SortedPart(part))


class _SortedPart:
    """Sorted numbers (`UInt64`), and a view of the same memory for searches in Python."""

    def __init__(self, numbers: pl.Series) -> None:
        self.numbers = numbers.rechunk()
        values = self.numbers.to_arrow()
        buffer = values.buffers()[1]
        self._view = memoryview(buffer or b"").cast("B").cast("Q")[values.offset : values.offset + len(values)]

    def __contains__(self, half: int) -> bool:
        place = bisect_left(self._view, half)
        return place < len(self._view) and self._view[place] == half


def halves(ids: pl.Series) -> pl.Series:
    """The first 16 of 32 hexadecimal digits (`String`) as a number (`UInt64`)."""
    if len(ids) <= SMALL:
        return pl.Series(ids.name, [int(event_id[:DIGITS], 16) for event_id in ids.to_list()], dtype=pl.UInt64)
    return ids.str.head(DIGITS).str.to_integer(base=16, dtype=pl.UInt64)


def to_bytes(numbers: pl.Series) -> bytes:
    """`UInt64` to 8 bytes a number, in the byte order of the machine, as the state keeps them."""
    return array("Q", numbers.to_list()).tobytes()


def from_bytes(pieces: bytes) -> pl.Series:
    """The way back, without a copy."""
    buffers = [None, pa.py_buffer(pieces)]
    return pl.Series(pa.Array.from_buffers(pa.uint64(), len(pieces) // 8, buffers), dtype=pl.UInt64)
