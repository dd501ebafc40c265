"""Columns in which all rows have the same value are told from others as a comparison of the rows tells them."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.formats.line_pieces import FEW, is_constant

TEXTS = st.sampled_from(["", "a", "b", "ab", "A", "é", "\0"])
LISTS = st.lists(st.none() | TEXTS, max_size=FEW + 2)
NUMBERS = st.sampled_from([0.0, -0.0, 1.0, float("nan"), float("inf")])


KINDS: list[tuple[st.SearchStrategy[Any], pl.DataType]] = [
    (TEXTS, pl.String()),
    (LISTS, pl.List(pl.String)),
    (NUMBERS, pl.Float64()),
    (st.lists(NUMBERS, max_size=2), pl.List(pl.Float64)),
    (st.lists(LISTS, max_size=2), pl.List(pl.List(pl.String))),
]


@st.composite
def columns(draw: st.DrawFn) -> pl.Series:
    """Of few kinds of cells each, so that many are constant or nearly so."""
    cells, dtype = draw(st.sampled_from(KINDS))
    few = draw(st.lists(st.none() | cells, min_size=1, max_size=2))
    return pl.Series("x", draw(st.lists(st.sampled_from(few), max_size=8)), dtype=dtype)


def compared(column: pl.Series) -> bool:
    return bool(len(column) and not column.null_count() and (column == column.head(1)).all())


@given(column=columns())
def test_constant_as_a_comparison_of_all_rows_says(column: pl.Series) -> None:
    """Texts, numbers, lists with and without nulls, empty ones, lists of lists."""
    assert is_constant(column) == compared(column)


@pytest.mark.parametrize("length", [1, 2, FEW, FEW + 1])
def test_one_list_that_differs_in_its_last_place(length: int) -> None:
    """Wherever the row is that differs, and however long its lists are."""
    same = [["x"] * length] * 300
    assert is_constant(pl.Series(same))
    for row in (0, 150, 299):
        other = [list(texts) for texts in same]
        other[row][-1] = "y"
        assert not is_constant(pl.Series(other))
