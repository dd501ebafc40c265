"""Cutting encoded rows to a destination's limits, and their bytes without a copy per row."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from agent.columns.frame_parts import FrameParts
from agent.columns.string_buffer import StringBuffer
from agent.model import Chunk


def cut(lines: pl.Series, rows: FrameParts, *, max_bytes: int, max_rows: int) -> Iterator[Chunk]:
    """Consecutive chunks within both limits; a row longer than `max_bytes` makes a chunk of its own."""
    offsets = StringBuffer.of(lines).offsets
    ids = rows.column("event.id")
    start = 0
    while start < len(lines):
        end = _end(offsets, start, max_bytes, min(len(lines), start + max_rows))
        yield Chunk(lines[start:end], ids[start:end], rows.slice(start, end))
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
