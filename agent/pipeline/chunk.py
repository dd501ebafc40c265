"""Cutting encoded rows to a destination's limits."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

import polars as pl

from agent.columns.frame_parts import FrameParts
from agent.columns.string_buffer import byte_lengths
from agent.model import Chunk


def cut(lines: pl.Series, rows: FrameParts, *, max_bytes: int, max_rows: int) -> Iterator[Chunk]:
    """Consecutive chunks within both limits; a row longer than `max_bytes` makes a chunk of its own."""
    ends = list(accumulate(byte_lengths(lines).to_list()))
    ids = rows.column("event.id")
    start = before = 0
    while start < len(ends):
        fitting = bisect_right(ends, before + max_bytes, start)
        end = min(max(fitting, start + 1), start + max_rows)
        yield Chunk(lines[start:end], ids[start:end], rows.slice(start, end))
        start, before = end, ends[end - 1]
