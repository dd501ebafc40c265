"""Rows in sorted runs: those of a few groups are found, whatever runs they came in."""

from __future__ import annotations

from itertools import pairwise

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from agent.detection.memory.sorted_runs import SortedRuns

SCHEMA = pl.Schema({"key": pl.UInt64, "slot": pl.Int32, "value": pl.Float64})

KEYS = st.sampled_from([0, 1, 2, 3, 2**63, 2**64 - 1])
ROWS = st.lists(st.tuples(KEYS, st.integers(-5, 20), st.just(1.0)), max_size=30)


@given(parts=st.lists(ROWS, max_size=12), keys=st.sets(KEYS), since=st.integers(-5, 20))
def test_rows_of_groups_are_those_that_were_added_and_not_forgotten(
    parts: list[list[tuple[int, int, float]]], keys: set[int], since: int
) -> None:
    """And a group is unknown if it has none."""
    runs, every = SortedRuns(), list[tuple[int, int, float]]()
    for part in parts:
        runs = runs.adding(pl.DataFrame(part, SCHEMA, orient="row"))
        every += part
    asked = pl.Series([*keys], dtype=pl.UInt64)
    for kept, expected in ((runs, every), (runs.since(since), [row for row in every if row[1] >= since])):
        assert kept.height == len(expected)
        assert sorted(kept.frame(SCHEMA).rows()) == sorted(expected)
        found = kept.rows_of(asked, SCHEMA)
        assert found.schema == SCHEMA
        assert sorted(found.rows()) == sorted(row for row in expected if row[0] in keys)
        assert set(kept.unknown(asked).to_list()) == keys - {row[0] for row in expected}


@given(parts=st.lists(ROWS, max_size=40))
def test_runs_are_few_and_shorter_one_by_one(parts: list[list[tuple[int, int, float]]]) -> None:
    """So that a search looks at few of them, and a row is sorted again once for each doubling."""
    runs = SortedRuns()
    for part in parts:
        runs = runs.adding(pl.DataFrame(part, SCHEMA, orient="row"))
    heights = [run.height for run in runs.runs]
    assert all(2 * after <= before for before, after in pairwise(heights))
    assert all(run["key"].is_sorted() for run in runs.runs)
