"""Rows of many groups, some groups at a time: sorting or grouping takes many times the memory of the rows themselves."""

from __future__ import annotations

from itertools import pairwise

import polars as pl

PART = 25_000
"""Rows about in a part: to group them with all their texts takes 1 KB each."""


def key_parts(rows: int) -> list[pl.Expr]:
    """For so many rows, what each part has of them, by `key` (UInt64, hashes: any range has as many as another one)."""
    count = max(1, -(-rows // PART))
    bounds = [(number << 64) // count for number in range(count + 1)]
    return [
        pl.col("key").is_between(pl.lit(first, pl.UInt64), pl.lit(end - 1, pl.UInt64))
        for first, end in pairwise(bounds)
    ]
