"""How many rows a group has in a span of time, told without reading its rows: of most groups too few to fire."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import polars as pl

from agent.columns.small import SMALL

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
    weights: tuple[pl.Series, pl.Series] | None = None
    """What the rows of `most` and of `recent` add to a sum (Float64); None where rows are only counted."""

    def counts(self, group: pl.Series, since: pl.Series, until: pl.Series) -> pl.Series:
        """Rows (UInt32) of each group (UInt32) between two times (Int64 ms), both included, to the second."""
        ends = pl.concat([_numbers(group, since), _numbers(group, until) + 1])
        places = self.most.search_sorted(ends, "left") + self.recent.search_sorted(ends, "left")
        return places.slice(len(group)) - places.slice(0, len(group))

    def sums(self, group: pl.Series, since: pl.Series, until: pl.Series) -> pl.Series:
        """What rows between two times add up to, or a little more (Float64); arguments as those of `counts`."""
        ends = pl.concat([_numbers(group, since), _numbers(group, until) + 1])
        found = pl.Series([0.0]).new_from_index(0, len(group))
        for numbers, weights in zip((self.most, self.recent), self.weights or (), strict=True):
            totals = pl.concat([pl.Series([0.0]), weights.cum_sum()])
            whole = float(totals[-1])
            if not math.isfinite(whole):
                return pl.Series([math.inf]).new_from_index(0, len(group))
            at_ends = totals.gather(numbers.search_sorted(ends, "left"))
            # A difference of two sums of many numbers lacks what these are rounded by: 16 digits, here 11.
            found = found + at_ends.slice(len(group)) - at_ends.slice(0, len(group)) + whole * 1e-11
        return found

    def with_rows(self, group: pl.Series, time: pl.Series, asked: int, weights: pl.Series | None = None) -> RowTimes:
        """With more rows: group (UInt32) and time (Int64 ms). `asked`: ms from which on their groups are counted.

        `weights`: what they add to a sum (Float64).
        """
        kept = None if weights is None else self.weights or (_NO_WEIGHTS, _NO_WEIGHTS)
        recent, heavy = _merged(
            self.recent, _numbers(group, time), None if kept is None or weights is None else (kept[1], weights)
        )
        asked = min(asked, self.asked)
        if len(recent) <= max(RECENT, len(self.most) // 8):
            return RowTimes(
                self.since, self.most, recent, asked, None if kept is None or heavy is None else (kept[0], heavy)
            )
        # What nobody asked for since the last time is let go: it is made anew if late rows come near it.
        most, weight = _merged(self.most, recent, None if kept is None or heavy is None else (kept[0], heavy))
        since = max(self.since, asked)
        # A cast that wraps would be shorter, but keeps the mark of an order that is none any more (Polars 2.1).
        needed = most % 2**32 >= _second(since)
        return RowTimes(
            since, most.filter(needed), weights=None if weight is None else (weight.filter(needed), _NO_WEIGHTS)
        )


_NO_WEIGHTS = pl.Series(dtype=pl.Float64)


def _merged(
    numbers: pl.Series, recent: pl.Series, weights: tuple[pl.Series, pl.Series] | None
) -> tuple[pl.Series, pl.Series | None]:
    """Both, ascending, and their weights in the same order."""
    together = pl.concat([numbers, recent])
    if weights is None:
        return together.sort(), None
    order = together.arg_sort()
    return together.gather(order), pl.concat(list(weights)).gather(order)


def _numbers(group: pl.Series, time: pl.Series) -> pl.Series:
    """The group in the upper 32 bits of 64, whole seconds since 1970 in the lower.

    What lies before 1970 or after 2106 counts as the first or the last second: counts stay bounds from above.
    """
    if len(group) <= SMALL:
        pairs = zip(group.to_list(), time.to_list(), strict=True)
        return pl.Series([number << 32 | min(max(at // 1000, 0), LAST) for number, at in pairs], dtype=pl.UInt64)
    seconds = (time // 1000).clip(0, LAST).cast(pl.UInt64)
    return group.cast(pl.UInt64) * 2**32 + seconds


def _second(time: int) -> int:
    return min(max(time // 1000, 0), LAST)
