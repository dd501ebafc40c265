"""Cutting encoded rows to a destination's limits, and their bytes without a copy per row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from agent.model import Chunk


@dataclass(frozen=True, slots=True)
class StringBuffer:
    """The UTF-8 bytes of a `String` series (no nulls) and where each row begins in them."""

    data: memoryview
    offsets: memoryview
    """n + 1 integers (int64); row i is `data[offsets[i]:offsets[i + 1]]`."""

    @classmethod
    def of(cls, series: pl.Series) -> StringBuffer:
        """`series`: `String` without nulls. Costs one copy of the whole, none per row."""
        array = series.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
        _, offsets, data = array.buffers()
        first, count = array.offset, len(array)
        places = (
            memoryview(offsets).cast("B").cast("q")[first : first + count + 1]
            if offsets
            else memoryview(b"\0" * 8).cast("q")
        )
        return cls(memoryview(data) if data is not None else memoryview(b""), places)

    def row(self, index: int) -> memoryview:
        return self.data[self.offsets[index] : self.offsets[index + 1]]

    def rows(self, start: int, end: int) -> memoryview:
        """Rows start to end (exclusive), one after another."""
        return self.data[self.offsets[start] : self.offsets[end]]


def body(lines: pl.Series) -> memoryview:
    """All lines one after another, as bytes (`String`, no nulls)."""
    buffer = StringBuffer.of(lines)
    return buffer.rows(0, len(lines))


def cut(lines: pl.Series, frame: pl.DataFrame, *, max_bytes: int, max_rows: int) -> Iterator[Chunk]:
    """Consecutive chunks within both limits; a row longer than `max_bytes` makes a chunk of its own."""
    offsets = StringBuffer.of(lines).offsets
    ids = frame["event.id"]
    start = 0
    while start < len(lines):
        end = _end(offsets, start, max_bytes, min(len(lines), start + max_rows))
        yield Chunk(lines[start:end], ids[start:end], frame[start:end])
        start = end


def _end(offsets: memoryview, start: int, max_bytes: int, limit: int) -> int:
    """The last row boundary within `max_bytes` of row `start`, by bisection; at least one row."""
    low, high = start + 1, limit
    while low < high:
        middle = (low + high + 1) // 2
        if offsets[middle] - offsets[start] <= max_bytes:
            low = middle
        else:
            high = middle - 1
    return low
