"""The bytes of a column of text, without a copy per row."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


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
