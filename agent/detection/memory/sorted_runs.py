"""A frame of many rows, in runs that are sorted by `key`: the rows of a few groups are found without looking at all.

Of five million rows those of ten groups take 0.2 ms a run, where a filter takes 16 ms. Runs are about half of the one
before, or shorter: a new one is merged with those that it is not much shorter than, so that a row is sorted again
once for each doubling.

    rows   800 300 100      + 60      60 is more than half of 100, and with it 160 more than half of 300
           800 460
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class SortedRuns:
    """Immutable. What `frame` gives shares its memory with the runs."""

    runs: tuple[pl.DataFrame, ...] = ()
    """Each sorted by `key` (UInt64), of one chunk, none empty."""

    @property
    def height(self) -> int:
        return sum(run.height for run in self.runs)

    def frame(self, schema: pl.Schema) -> pl.DataFrame:
        """All rows."""
        return pl.concat(self.runs, rechunk=False) if self.runs else schema.to_frame()

    def adding(self, rows: pl.DataFrame) -> SortedRuns:
        """With further rows, in any order."""
        if not rows.height:
            return self
        runs, run = [*self.runs], rows
        while runs and 2 * run.height > runs[-1].height:
            run = pl.concat([runs.pop(), run])
        return SortedRuns((*runs, run.sort("key").rechunk()))

    def since(self, slot: int) -> SortedRuns:
        """Without rows whose `slot` is before this one."""
        kept = (run.filter(pl.col("slot") >= slot).rechunk() for run in self.runs)
        return SortedRuns(tuple(run for run in kept if run.height))

    def rows_of(self, keys: pl.Series, schema: pl.Schema) -> pl.DataFrame:
        """The rows of some groups (`keys`: UInt64, each once)."""
        found = [run[places] for run, places in self._places(keys.sort())]
        return pl.concat(found) if found else schema.to_frame()

    def unknown(self, keys: pl.Series) -> pl.Series:
        """Those of the groups (`keys`: UInt64) that no row is of."""
        for run in self.runs:
            there = run["key"]
            at = there.search_sorted(keys, side="left")
            known = (at < run.height) & (there.gather(at.clip(0, run.height - 1)) == keys)
            keys = keys.filter(~known)
        return keys

    def _places(self, keys: pl.Series) -> Iterator[tuple[pl.DataFrame, pl.Series]]:
        """Runs, each with the numbers of its rows of some groups."""
        for run in self.runs:
            bounds = pl.DataFrame(
                {
                    "from": run["key"].search_sorted(keys, side="left"),
                    "to": run["key"].search_sorted(keys, side="right"),
                }
            ).filter(pl.col("to") > pl.col("from"))
            if bounds.height:
                yield run, bounds.select(pl.int_ranges("from", "to", dtype=pl.UInt32).explode()).to_series()
