"""Counts of a group's rows in a span of time, told without the rows."""

from __future__ import annotations

from random import Random

import polars as pl

from agent.detection.correlation.row_times import RECENT, RowTimes

BEGIN = 1_782_900_000_000
"""Milliseconds; a whole second."""


def test_counts_are_those_of_the_rows_to_the_second() -> None:
    """Through many batches, after times that nobody asks for were let go, and for the last code there may be."""
    rng = Random(3)
    times, rows = RowTimes(BEGIN), list[tuple[int, int]]()
    for batch in range(12):
        here = BEGIN + batch * 600_000
        fresh = [(rng.choice([0, 7, 5_000, 2**32 - 1]), here + rng.randrange(600_000)) for _ in range(RECENT // 4)]
        rows += fresh
        group, time = zip(*fresh, strict=True)
        times = times.with_rows(pl.Series(group, dtype=pl.UInt32), pl.Series(time), here - 600_000)
        asked = pl.Series([0, 1, 7, 5_000, 2**32 - 1], dtype=pl.UInt32)
        since, until = here - 300_000, here + 123_456
        counts = times.counts(asked, pl.Series([since] * 5), pl.Series([until] * 5)).to_list()
        assert counts == [
            sum(1 for group, time in rows if group == wanted and since <= time // 1000 * 1000 and time < until // 1000 * 1000 + 1000)
            for wanted in asked
        ]  # fmt: skip
    assert times.since > BEGIN
    assert len(times.most) < len(rows)


def test_times_outside_of_what_fits_are_counted_too() -> None:
    """Before 1970 and after 2106: a count may be too high, never too low."""
    far = pl.Series([-(10**15), 10**15])
    group = pl.Series([3, 3], dtype=pl.UInt32)
    times = RowTimes(-(2**62)).with_rows(group, far, -(10**15))
    assert times.counts(group, far - 1000, far + 1000).to_list() == [1, 1]
