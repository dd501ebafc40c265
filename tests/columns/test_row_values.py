from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.columns.row_values import RowValues
from agent.columns.small import SMALL

lists = st.lists(
    st.none() | st.lists(st.none() | st.sampled_from(["bad", "good", "?"]), max_size=3), min_size=1, max_size=6
)
KNOWN = {"bad": True, "good": False}


@settings(max_examples=50, deadline=None)
@given(lists)
def test_each_value_knows_its_row(rows: list[list[str | None] | None]) -> None:
    """Elements of lists stand in order, each with its row; an empty list is a null, on both sides of the limit."""
    for height in (len(rows), SMALL + 1):
        cells = [rows[row % len(rows)] for row in range(height)]
        column = RowValues(pl.Series("x", cells, dtype=pl.List(pl.String)))
        lines = [(row, text) for row, cell in enumerate(cells) for text in cell or (None,)]
        assert list(zip(column.rows, column.values, strict=True)) == lines


@settings(max_examples=50, deadline=None)
@given(lists)
def test_a_row_is_flagged_if_any_of_its_values_is(rows: list[list[str | None] | None]) -> None:
    """One value that is flagged is enough; a row is not flagged if something is known of it, and null if nothing is."""
    for height in (len(rows), SMALL + 1):
        cells = [rows[row % len(rows)] for row in range(height)]
        column = RowValues(pl.Series("x", cells, dtype=pl.List(pl.String)))
        flags = pl.Series([KNOWN.get(text or "") for text in column.values], dtype=pl.Boolean)
        known = [[KNOWN[text] for text in cell or () if text in KNOWN] for cell in cells]
        assert column.any_of(flags).to_list() == [any(told) if told else None for told in known]


def test_a_column_of_text_is_its_own_values() -> None:
    """What is found of a value stands in the row of the value."""
    column = RowValues(pl.Series("x", ["a", None, "b"]))
    assert column.values.to_list() == ["a", None, "b"]
    found = column.looked_up(pl.Series(["1", None, "2"]))
    assert (found.rows.to_list(), found.values.to_list()) == ([0, 1, 2], ["1", None, "2"])
