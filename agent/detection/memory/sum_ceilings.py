"""How much groups may have done at most: what tells of nearly all groups of a small batch that nobody needs to look."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import polars as pl

LEAST = 64
"""Ceilings at least, 8 bytes each."""


class SumCeilings:
    """A sum for all groups whose keys end with the same bits: none of them did more. It may be too high, never too low,
    so that a batch which is tried again, or taken back, does no harm.
    """

    def __init__(self, buckets: pl.DataFrame) -> None:
        """`buckets`: `key` (UInt64), `value` (Float64, no negative ones)."""
        # Twice as many ceilings as groups: most groups have one for themselves.
        self._bits = max(LEAST, 1 << (2 * buckets["key"].n_unique()).bit_length()) - 1
        self._sums = array("d", bytes(8 * (self._bits + 1)))
        places = buckets.group_by(pl.col("key") & self._bits).agg(pl.col("value").sum())
        self.add(places.iter_rows())

    def add(self, sums: Iterable[tuple[int, float]]) -> None:
        """Key, and how much its group did beside what is known."""
        for key, value in sums:
            self._sums[key & self._bits] += value

    def reaching(self, keys: Iterable[int], least: float) -> list[int]:
        """Those of the groups that may have done at least so much."""
        return [key for key in keys if self._sums[key & self._bits] >= least]
