"""How many rows a group has in a span of time, told without reading its rows: of most groups too few to fire."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

RECENT = 4_096
"""Times that are kept beside the others, so that a batch of few rows does not sort them all: sorting these takes 0.1 ms."""

LAST = 2**32 - 2
"""The last second that is told apart, in the year 2106: one less than fits, so that one can be added to it."""


@dataclass(frozen=True, slots=True)
class RowTimes:
    """Group and time of each kept row as one number, 8 bytes: a count is the difference of two places.

    Immutable, and never stored: it follows from the rows. What was let go may still be counted, never the other way
    round: a count is a bound from above.
    """

    since: int
    """Milliseconds from which on all kept rows are counted."""
    most: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.UInt64))
    """Numbers (`_numbers`), ascending."""
    recent: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.UInt64))
    """Those of the last rows, ascending."""
    asked: int = 2**62
    """Milliseconds: the least that was asked for since `recent` was last empty."""

    def counts(self, group: pl.Series, since: pl.Series, until: pl.Series) -> pl.Series:
        """Rows (UInt32) of each group (UInt32) between two times (Int64 ms), both included, to the second."""
        ends = pl.concat([_numbers(group, since), _numbers(group, until) + 1])
        places = self.most.search_sorted(ends, "left") + self.recent.search_sorted(ends, "left")
        return places.slice(len(group)) - places.slice(0, len(group))

    def with_rows(self, group: pl.Series, time: pl.Series, asked: int) -> RowTimes:
        """With more rows: group (UInt32) and time (Int64 ms). `asked`: ms from which on their groups are counted."""
        recent, asked = pl.concat([self.recent, _numbers(group, time)]).sort(), min(asked, self.asked)
        if len(recent) <= max(RECENT, len(self.most) // 8):
            return RowTimes(self.since, self.most, recent, asked)
        # What nobody asked for since the last time is let go: it is made anew if late rows come near it.
        most, since = pl.concat([self.most, recent]).sort(), max(self.since, asked)
        # A cast that wraps would be shorter, but keeps the mark of an order that is none any more (Polars 2.1).
        return RowTimes(since, most.filter(most % 2**32 >= _second(since)))


def _numbers(group: pl.Series, time: pl.Series) -> pl.Series:
    """The group in the upper 32 bits of 64, whole seconds since 1970 in the lower.

    What lies before 1970 or after 2106 counts as the first or the last second: counts stay bounds from above.
    """
    seconds = (time // 1000).clip(0, LAST).cast(pl.UInt64)
    return group.cast(pl.UInt64) * 2**32 + seconds


def _second(time: int) -> int:
    return min(max(time // 1000, 0), LAST)
