"""Rows of a frame by their numbers."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from agent.columns.picked_rows import picked
from agent.columns.small import SMALL


@given(st.sampled_from((1, 3, SMALL, SMALL + 1)), st.lists(st.integers(0, SMALL), max_size=6))
def test_rows_come_in_the_order_in_which_they_are_asked_for(height: int, numbers: list[int]) -> None:
    """Of a small frame and of a large one, neighbours and others, each as often as it is named."""
    frame = pl.DataFrame({"number": range(height), "text": [None, *map(str, range(1, height))]})
    rows = [number % height for number in numbers]
    found = picked(frame, pl.Series(rows, dtype=pl.UInt32))
    assert found["number"].to_list() == rows
    assert found["text"].to_list() == [str(row) if row else None for row in rows]
    assert found.schema == frame.schema
