"""A login's name is read in two ways, of few rows and of many, which agree."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from agent.columns.small import SMALL
from agent.normalize.mapping.conversion import CONVERSIONS

CELLS = st.lists(
    st.none() | st.text(st.sampled_from(" \t\x1c\x85aAßİΣé@."), max_size=6) | st.text(max_size=4), max_size=8
)


@given(CELLS)
def test_few_and_many_rows_give_the_same_names(cells: list[str | None]) -> None:
    """Whatever blanks and letters are in them."""
    few = pl.Series("x", cells, dtype=pl.String)
    many = pl.concat([few, pl.Series("x", [f"u{number}" for number in range(SMALL + 1)])])
    read = CONVERSIONS["login_name"]
    assert read(few).to_list() == read(many).to_list()[: len(cells)]
