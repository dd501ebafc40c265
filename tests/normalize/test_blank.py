from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from agent.normalize.blank import FilledCells, without_blanks

BLANK = st.text(" \t\n\r\u00a0\u2003\u3000\u0085", min_size=1, max_size=4)


@given(st.lists(st.none() | st.text(max_size=4) | BLANK | BLANK.map(lambda text: f"{text}x")))
def test_blank_cells_are_no_values(cells: list[str | None]) -> None:
    """Only cells that hold white space alone become null; all others stay as they are."""
    expected = [
        cell
        if cell is not None
        and (
            not cell
            or cell.strip(
                " \t\n\r\v\f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
            )
        )
        else None
        for cell in cells
    ]
    found = without_blanks(pl.Series(cells, dtype=pl.String)).to_list()
    assert [cell or None for cell in found] == [cell or None for cell in expected]


def test_a_column_is_looked_at_once() -> None:
    """The cells are a mapping of the columns, and a column without blanks is the column itself."""
    column = pl.Series("A", ["x", None])
    cells = FilledCells({"A": column, "B": pl.Series([" ", "y"])})
    assert cells["A"] is column
    assert cells["B"] is cells["B"]
    assert (list(cells), len(cells), "B" in cells, "C" in cells) == (["A", "B"], 2, True, False)
