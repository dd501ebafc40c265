from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from agent.columns.array_fields import STRINGS, lists_of

ROW = st.tuples(*[st.none() | st.text(max_size=20)] * 3)


@given(st.lists(ROW), st.integers(1, 3))
def test_lists(rows: list[tuple[str | None, ...]], width: int) -> None:
    """Each row's values in order without the nulls; null where there is none."""
    columns = [pl.Series([row[place] for row in rows], dtype=pl.String).alias(str(place)) for place in range(width)]
    made = lists_of(columns)
    assert made.dtype == STRINGS
    expected = [[cell for cell in row[:width] if cell is not None] or None for row in rows]
    assert made.to_list() == expected
