from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.columns.small import SMALL
from agent.columns.text.joined_text import head, joined

cells = st.lists(st.none() | st.text(max_size=5) | st.sampled_from(["", "|", "é😀", "\0"]), min_size=3, max_size=3)


def tiled(texts: list[str | None], height: int) -> pl.Series:
    return pl.Series("x", [texts[row % len(texts)] for row in range(height)], dtype=pl.String)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.none() | cells, min_size=1, max_size=4).filter(any))
def test_texts_of_a_row_are_joined(columns: list[list[str | None] | None]) -> None:
    """Nulls and columns that are not there are empty, on both sides of the limit of small batches."""
    expected = ["|".join((texts[row % 3] or "") if texts else "" for texts in columns) for row in range(SMALL + 1)]
    for height in (3, SMALL, SMALL + 1):
        given_columns = [None if texts is None else tiled(texts, height) for texts in columns]
        assert joined(given_columns, "|").to_list() == expected[:height]


@settings(max_examples=50, deadline=None)
@given(cells, st.integers(1, 4))
def test_texts_are_cut_in_whole_characters(texts: list[str | None], length: int) -> None:
    """A text of so many characters stays, a longer one is cut, on both sides of the limit of small batches."""
    for height in (3, SMALL, SMALL + 1):
        column = tiled(texts, height)
        cut = head(column, length)
        assert cut.to_list() == [text and text[:length] for text in column.to_list()]
        assert cut.name == "x"
        assert cut.dtype == pl.String
