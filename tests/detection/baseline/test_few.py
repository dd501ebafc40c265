"""What is reckoned in Python for a few buckets is what Polars makes of many."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.detection.baseline import first_seen, history, silence, windows
from agent.detection.baseline.rows import SCHEMA
from agent.detection.baseline.usual import WindowSpans, own_past_of_few
from agent.detection.baseline.windows import WindowLimits

KEYS = st.sampled_from([1, 2, 2**64 - 1])
VALUES = st.integers(0, 40).map(lambda number: number / 4)
"""Quarters: their sums are exact in any order."""

SPANS = st.builds(
    WindowSpans,
    window=st.integers(1, 4),
    gap=st.integers(0, 3),
    history=st.integers(1, 40),
    minimum=st.integers(0, 12),
    season=st.just(0),
)
SEASONS = st.builds(
    WindowSpans, window=st.just(1), gap=st.integers(0, 3), history=st.integers(1, 40), minimum=st.integers(0, 12), season=st.integers(1, 6)
)  # fmt: skip


@given(
    steps=SPANS | SEASONS,
    past=st.dictionaries(st.tuples(KEYS, st.integers(-10, 30)), VALUES, max_size=60),
    names=st.lists(st.tuples(KEYS, st.integers(-10, 40)), unique=True, max_size=10),
)
def test_the_past_of_few_windows_is_that_of_many(
    steps: WindowSpans, past: dict[tuple[int, int], float], names: list[tuple[int, int]]
) -> None:
    """To the last digit: thresholds are in alerts."""
    schema = {"key": pl.UInt64, "slot": pl.Int32, "value": pl.Float64}
    buckets = pl.DataFrame([(*name, value) for name, value in past.items()], schema, orient="row")
    assert own_past_of_few(steps, names, buckets) == history._own_past(steps, names, buckets)


@given(values=st.lists(st.floats(0, 1e9), min_size=1, max_size=30))
def test_a_median_of_fractions_is_that_of_polars(values: list[float]) -> None:
    """An even number of values has the middle of two, reckoned in the same way."""
    steps = WindowSpans(window=1, gap=0, history=100, minimum=0, season=0)
    schema = {"key": pl.UInt64, "slot": pl.Int32, "value": pl.Float64}
    buckets = pl.DataFrame([(1, slot, value) for slot, value in enumerate(values)], schema, orient="row")
    assert own_past_of_few(steps, [(1, 50)], buckets) == history._own_past(steps, [(1, 50)], buckets)


OPEN = st.lists(st.tuples(KEYS, st.integers(0, 8), VALUES, st.integers(1, 3)), max_size=30)


@given(
    near=OPEN,
    new=OPEN,
    limits=st.builds(WindowLimits, st.integers(1, 4), st.sampled_from([0.25, 3.0, 12.0]), st.integers(-1, 8)),
)
def test_grown_windows_of_few_buckets_are_those_of_many(
    near: list[tuple[int, int, float, int]], new: list[tuple[int, int, float, int]], limits: WindowLimits
) -> None:
    """With buckets that stand in several rows."""
    opened, fresh = (pl.DataFrame(rows, windows.SCHEMA, orient="row") for rows in (near + new, new))
    opened = opened.filter(pl.col("key").is_in(fresh["key"].implode()))
    few, many = windows._of_few(opened, fresh, limits), windows._of_many(opened, fresh, limits)
    assert few.schema == many.schema == windows.SCHEMA
    assert few.sort("key", "slot").equals(many.sort("key", "slot"))


EVENTS = st.lists(
    st.tuples(KEYS, st.integers(0, 10 * 86_400_000), st.sampled_from([None, "ann", "bob", "Ünal"])),
    min_size=1,
    max_size=20,
)


def _rows(events: list[tuple[int, int, str | None]]) -> pl.DataFrame:
    """As `rows.SCHEMA`."""
    named = pl.DataFrame(events, {"key": pl.UInt64, "time": pl.Int64, "user": pl.String}, orient="row")
    group = ("USER_ID=" + pl.col("key").cast(pl.String)).alias("group")
    missing = [
        pl.lit(None, dtype).alias(name) for name, dtype in SCHEMA.items() if name not in {*named.columns, "group"}
    ]
    return named.select(pl.all(), group, *missing).select(SCHEMA.names())


@given(events=EVENTS, size=st.sampled_from([60_000, 3_600_000]))
def test_parts_of_few_rows_are_those_of_many(events: list[tuple[int, int, str | None]], size: int) -> None:
    """A part of time has the first and last time, and the first user by the alphabet."""
    rows = _rows(events)
    with pytest.MonkeyPatch.context() as patch:
        few = silence._parts(rows, size)
        patch.setattr(silence, "SMALL", 0)
        many = silence._parts(rows, size)
    assert few.schema == many.schema
    assert few.sort("key", "slot").equals(many.sort("key", "slot"))


@given(
    events=EVENTS,
    known=st.lists(st.tuples(KEYS, st.integers(0, 10 * 86_400_000), st.integers(0, 10)), max_size=10),
    wait=st.sampled_from([0, 7_200_000, 5 * 86_400_000]),
)
def test_few_fresh_pairs_are_those_of_many_that_tell_something(
    events: list[tuple[int, int, str | None]], known: list[tuple[int, int, int]], wait: int
) -> None:
    """What is left out neither changes the frame nor is young."""
    rows = _rows(events).with_columns(pl.col("key").alias("pair"))
    pairs = pl.DataFrame(
        [(key, key, first, day) for key, first, day in known], first_seen.SCHEMAS["pairs"], orient="row"
    )
    every = first_seen._with_known(first_seen._fresh(rows), pairs)
    assert every.schema == first_seen.KNOWN
    young = pl.min_horizontal("first", "known first") > pl.col("earliest") - wait
    telling = every.filter(first_seen._changed() | young)
    few = first_seen._few_fresh(rows, pairs, wait)
    assert telling.height == (0 if few is None else few.height)
    if few is not None:
        assert few.schema == first_seen.KNOWN
        assert few.sort("pair").equals(telling.sort("pair"))
