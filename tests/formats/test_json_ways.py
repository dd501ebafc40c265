"""Few rows and many are written in two ways, and nobody can tell which it was."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from types import ModuleType

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.columns.sent_mark import marked
from agent.columns.small import SMALL
from agent.formats import json_columns, json_rows
from agent.formats.ecs import encode, encode_to_send
from tests.formats.json_frames import frames

WAYS = (json_rows, json_columns)


@settings(max_examples=500)
@given(frames())
def test_both_ways_write_the_same_bytes(frame: pl.DataFrame) -> None:
    """Keys and their order, numbers, times, lists, escapes and what is left out are the same, by row and by column."""
    by_row, by_column = (way.documents(frame.get_columns(), frame.height) for way in WAYS)
    assert by_row.to_list() == by_column.to_list()
    assert (by_row.dtype, by_row.name) == (by_column.dtype, by_column.name)


@settings(max_examples=30, deadline=None)
@given(frames())
def test_a_row_more_than_the_limit_makes_no_difference(frame: pl.DataFrame) -> None:
    """The last rows of a frame as long as the limit are written as they are in a frame that is one longer."""
    rows = pl.Series([row % frame.height for row in range(SMALL + 1)])
    longer = frame[rows]
    assert encode(longer[:SMALL]).to_list() == encode(longer).to_list()[:SMALL]


@pytest.mark.parametrize(
    "column",
    [
        pl.Series("x", [1, 2**100, None], dtype=pl.Int128),
        pl.Series("x", [2**64 - 1, 0, None], dtype=pl.UInt64),
        pl.Series("x", [Decimal("1.50"), Decimal("-0.01"), None], dtype=pl.Decimal(12, 2)),
        pl.Series("x", [1e16, 1e-7, -0.0, 5e-324, 1.7976931348623157e308, float("nan"), float("inf"), float("-inf")]),
        pl.Series("x", [0.1, 16777217.0, 3e38], dtype=pl.Float32),
        pl.Series("x", ["a", '"', None], dtype=pl.Categorical),
        pl.Series("x", ["b", "\\", None], dtype=pl.Enum(["b", "\\"])),
        pl.Series("x", [0, -(10**14), 253402300800000, None]).cast(pl.Datetime("ms", "UTC")),
        pl.Series("x", [0, 1, None]).cast(pl.Datetime("ns")),
        pl.Series("x", [0, 999, None]).cast(pl.Datetime("us", "Asia/Kolkata")),
        pl.Series("x", [0, 20_000, None]).cast(pl.Date),
        pl.Series("x", [[0.1, float("nan")], [float("inf")], [], None], dtype=pl.List(pl.Float64)),
        pl.Series("x", [["a"], [None], [], None], dtype=pl.List(pl.String)),
        pl.Series("x", [[1], [2], None], dtype=pl.List(pl.Int64)),
        pl.Series("x", [[True], [None, False], []], dtype=pl.List(pl.Boolean)),
        pl.Series("x", [None, None], dtype=pl.Duration),
    ],
    ids=lambda column: str(column.dtype),
)
def test_each_type_has_one_form(column: pl.Series) -> None:
    """Types that no shaped frame has today are written alike as well, in rows with a neighbour and without."""
    for rows in (column, column.reverse(), column[:1], column.drop_nulls()):
        columns = [rows, pl.Series("y", range(len(rows)), dtype=pl.Int64)]
        by_row, by_column = (way.documents(columns, len(rows)).to_list() for way in WAYS)
        assert by_row == by_column


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.rpartition(".")[2])
@pytest.mark.parametrize(
    "column",
    [
        pl.Series("took", [timedelta(seconds=1), None]),
        pl.Series("took", [[timedelta(seconds=1)], None]),
        pl.Series("took", [{"a": 1}, None]),
        pl.Series("took", [b"a", None]),
    ],
    ids=lambda column: str(column.dtype),
)
def test_a_type_without_a_form_is_refused_in_both_ways(way: ModuleType, column: pl.Series) -> None:
    """The error names the column, however many rows there are."""
    with pytest.raises(TypeError, match="took"):
        way.documents([column], len(column))


@settings(max_examples=200, deadline=None)
@given(frames(), st.booleans(), st.booleans())
def test_the_mark_is_put_in_while_lines_are_made_as_it_is_put_in_afterwards(
    frame: pl.DataFrame, has_ids: bool, is_shortened: bool
) -> None:
    """Of few rows and of many, of rows without ids, and where rows have room for the least alone."""
    rows = frame.rename({name: f"event.{name}" for name in frame.columns[::2]})
    ids = pl.Series("event.id", ["0" * 32 if has_ids else None] * rows.height, dtype=pl.String)
    cut = pl.Series("leakline.truncated", [["*"], None] * rows.height, dtype=pl.List(pl.String))[: rows.height]
    rows = rows.with_columns(ids, cut) if is_shortened else rows.with_columns(ids)
    longer = rows[pl.Series([row % rows.height for row in range(SMALL + 1)])]
    for written in (rows, longer):
        assert encode_to_send(written).to_list() == marked(encode(written)).to_list()
