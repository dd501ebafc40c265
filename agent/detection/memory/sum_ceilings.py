"""How much groups may have done at most: what tells of nearly all groups of a batch that nobody needs to look."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

import polars as pl

LEAST = 64
"""Ceilings at least, 8 bytes each."""


class SumCeilings:
    """A sum for all groups whose keys end with the same bits: none of them did more. It may be too high, never too low,
    so that a batch which is tried again, or taken back, does no harm.
    """

    def __init__(self, buckets: pl.DataFrame) -> None:
        """`buckets`: `key` (UInt64), `value` (Float64, no negative ones)."""
        groups = buckets.group_by("key").agg(pl.col("value").sum())
        # Twice as many ceilings as groups: most groups have one for themselves.
        self._bits = max(LEAST, 1 << (2 * groups.height).bit_length()) - 1
        self._sums = array("d", bytes(8 * (self._bits + 1)))
        self.total = 0.0
        """Of all sums."""
        self.add(groups["key"].to_list(), groups["value"].to_list())

    def add(self, keys: Iterable[int], values: Sequence[float]) -> None:
        """How much groups did beside what is known."""
        sums, bits = self._sums, self._bits
        for key, value in zip(keys, values, strict=True):
            sums[key & bits] += value
        self.total += sum(values)

    def reaching(self, keys: Iterable[int], least: float) -> list[int]:
        """Those of the groups that may have done at least so much."""
        sums, bits = self._sums, self._bits
        return [key for key in keys if sums[key & bits] >= least]
