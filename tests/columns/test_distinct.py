"""Distinct values of columns, and looks at whole columns."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.columns.distinct import coded, only_value, spread
from agent.columns.string_buffer import has_any
from tests.columns.odd_texts import CELLS, text


@settings(deadline=None, max_examples=60)
@given(CELLS, st.lists(CELLS, max_size=2))
def test_values_and_places_make_the_column_again(cells: list[str | None], further: list[list[str | None]]) -> None:
    """Values stand once, in the order in which they come; null is none of them, also in a column of several pieces."""
    column = pl.concat([text(cells), *map(text, further)], rechunk=False)
    values, places = coded(column)
    assert values.to_list() == [cell for cell in dict.fromkeys(column.to_list()) if cell is not None]
    assert places.dtype == pl.UInt32
    assert spread(values, places).equals(column, check_dtypes=True, check_names=True)


@settings(deadline=None, max_examples=60)
@given(CELLS)
def test_lists_are_spread_like_texts(cells: list[str | None]) -> None:
    """What was worked out per distinct value may have any type."""
    values, places = coded(text(cells))
    lists = pl.Series([[value, value] for value in values], dtype=pl.List(pl.String))
    assert spread(lists, places).to_list() == [None if cell is None else [cell, cell] for cell in cells]


@settings(deadline=None, max_examples=60)
@given(CELLS)
def test_one_text_is_that_of_all_cells(cells: list[str | None]) -> None:
    """A column of one text and no null is told from any other, whatever its ends are."""
    for column in (cells, cells[:1] * 3, [*cells, cells[0]]):
        expected = column[0] if len(set(column)) == 1 else None
        assert only_value(text(column)) == expected
    assert only_value(text([])) is None


@settings(deadline=None, max_examples=60)
@given(CELLS, st.text("a%#:é \t1", min_size=1, max_size=3).filter(str.isascii))
def test_a_character_is_found_in_any_cell(cells: list[str | None], characters: str) -> None:
    """Nulls are passed over, and a part of a column is looked at by itself."""
    for start in (0, 1):
        column = text(cells)[start:]
        assert has_any(column, characters) == any(set(characters) & set(cell or "") for cell in cells[start:])
