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


def test_sums_are_never_less_than_those_of_the_rows() -> None:
    """Through many batches: a bound from above, and close to what it bounds; of what no number tells it is endless."""
    rng = Random(5)
    times, rows = RowTimes(BEGIN), list[tuple[int, int, float]]()
    group, since, until = (
        pl.Series([0, 7, 8], dtype=pl.UInt32),
        pl.Series([BEGIN + 60_000] * 3),
        pl.Series([BEGIN + 90_000] * 3),
    )
    for _ in range(6):
        fresh = [
            (rng.choice([0, 7]), BEGIN + rng.randrange(600) * 1000, rng.random() * 1000) for _ in range(RECENT // 3)
        ]
        rows += fresh
        codes, moments, weights = (pl.Series(column) for column in zip(*fresh, strict=True))
        times = times.with_rows(codes.cast(pl.UInt32), moments, BEGIN, weights)
        sums = times.sums(group, since, until).to_list()
        for wanted, found in zip(group, sums, strict=True):
            exact = sum(weight for code, moment, weight in rows if code == wanted and since[0] <= moment <= until[0])
            assert exact <= found <= exact + 1
    endless = times.with_rows(group.head(1), since.head(1), BEGIN, pl.Series([float("inf")]))
    assert endless.sums(group, since, until).to_list() == [float("inf")] * 3
