from __future__ import annotations

import json

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from agent.normalize.raw_cells import RawCells, json_objects, originals

CELLS = st.lists(st.none() | st.text(), min_size=1, max_size=5)


@given(CELLS, st.text(min_size=1))
def test_any_text_is_valid_json(cells: list[str | None], name: str) -> None:
    """Whatever a cell or a column's name contains, the object reads back to it."""
    column = pl.Series(cells, dtype=pl.String)
    objects = json_objects([RawCells(name, column, pl.repeat(True, column.len(), eager=True))])
    assert [json.loads(text) for text in objects] == [{name: cell} for cell in cells]


def test_only_the_rows_asked_for() -> None:
    """A row with nothing left over has no object; a column the input lacks is null."""
    column = pl.Series(["a", "b", None])
    left = [
        RawCells("A", column, pl.Series([True, False, False])),
        RawCells("B", None, pl.Series([True, True, False])),
    ]
    assert json_objects(left).to_list() == ['{"A":"a","B":null}', '{"B":null}', None]


def test_originals_leave_empty_cells_out() -> None:
    """The original of a row has the cells with something in them, in the order of the columns."""
    frame = pl.DataFrame({"Z": ["1", None], "A": ["x\ty", "2"]})
    assert originals(frame).to_list() == ['{"Z":"1","A":"x\\ty"}', '{"A":"2"}']
