"""Few rows and many are written as CEF in two ways, and nobody can tell which it was."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.columns.small import SMALL
from agent.columns.timestamp import TIME
from agent.formats import cef_columns, cef_rows
from agent.formats.cef import encode
from agent.formats.cef_keys import EXTENSION, HEADER, kind_and_length
from agent.formats.cef_text import Kind

text = st.text(max_size=8) | st.sampled_from(
    ["", "a|b=c", "\\", "\n\r\t\0\x7f", ",", "x" * 64, "é" * 1_024, "y" * 4_001, "plain", "same", "12"]
)
addresses = st.sampled_from(["192.0.2.1", "2001:db8::1", "same", ""])
numbers = st.sampled_from([0, 1, -1, 12, 999_999, 1_000_000, 2_500_000, 2**31 - 1, 2**31, 2**62])
moments = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)).map(
    lambda t: t.replace(microsecond=t.microsecond // 1000 * 1000, tzinfo=UTC)
)
FLAGS, FLOATS = st.booleans(), st.floats(width=64)
Typed = tuple[pl.DataType, st.SearchStrategy[Any]]
TEXTS: list[Typed] = [(pl.String(), text), (pl.List(pl.String()), st.lists(st.none() | text, max_size=3))]
NUMBERS: list[Typed] = [(pl.Int64(), numbers), (pl.UInt64(), st.integers(0, 2**64 - 1)), (pl.String(), text)]
TYPED: dict[Kind, list[Typed]] = {
    "text": [*TEXTS, *TEXTS, (pl.Int64(), numbers), (pl.Boolean(), FLAGS), (pl.Float64(), FLOATS), (TIME, moments)],
    "integer": NUMBERS,
    "long": NUMBERS,
    "decimal": [(pl.Float64(), FLOATS), (pl.Int64(), numbers)],
    "time": [(TIME, moments), (pl.String(), text)],
    "ipv4": [(pl.String(), addresses)],
    "ipv6": [(pl.String(), addresses)],
}
"""What a field may hold whose key is of a kind: the types of ECS, and others that the key takes."""

KINDS = {field: kind_and_length(key)[0] for key, fields in EXTENSION.items() for field in fields}
OTHERS = ("event.severity", "salesforce.update_type", "leakline.door", "related.user", "x")
FIELDS = sorted({*KINDS, *OTHERS, *(field for _, _, fields in HEADER.values() for field in fields)})


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    """Any of the fields that keys are for, mostly in the types that they have; and names of fields that were cut."""
    height = draw(st.integers(1, 5))
    names = draw(st.lists(st.sampled_from(FIELDS), unique=True, min_size=1, max_size=12))
    columns = [_column(draw, name, height) for name in names]
    if draw(st.booleans()):
        cut = st.none() | st.lists(st.sampled_from([*names, "*", "* related", "gone"]), max_size=3)
        named = draw(st.lists(cut, min_size=height, max_size=height))
        columns.append(pl.Series("leakline.truncated", named, dtype=pl.List(pl.String)))
    return pl.DataFrame(columns)


def _column(draw: st.DrawFn, name: str, height: int) -> pl.Series:
    severity: list[Typed] = [(pl.Int64(), st.integers(-20, 200))]
    dtype, values = draw(st.sampled_from(severity if name == "event.severity" else TYPED[KINDS.get(name, "text")]))
    if draw(st.booleans()):
        return pl.Series(name, [draw(values)] * height, dtype=dtype)
    return pl.Series(name, draw(st.lists(st.none() | values, min_size=height, max_size=height)), dtype=dtype)


@pytest.mark.parametrize("own_keys", [True, False])
@settings(max_examples=200, deadline=None)
@given(frame=frames())
def test_both_ways_write_the_same_lines(own_keys: bool, frame: pl.DataFrame) -> None:
    """Keys and their order, what is cut, what is named as cut and what is escaped are the same, by row and by column."""
    columns = {column.name: column for column in frame.iter_columns()}
    by_row, by_column = (way.lines(columns, frame.height, own_keys=own_keys) for way in (cef_rows, cef_columns))
    assert by_row.to_list() == by_column.to_list()
    assert by_row.dtype == by_column.dtype == pl.String


@settings(max_examples=20, deadline=None)
@given(frames())
def test_a_row_more_than_the_limit_makes_no_difference(frame: pl.DataFrame) -> None:
    """The last rows of a frame as long as the limit are written as they are in a frame that is one longer."""
    longer = frame[pl.Series([row % frame.height for row in range(SMALL + 1)])]
    assert encode(longer[:SMALL]).to_list() == encode(longer).to_list()[:SMALL]


def test_a_number_beyond_its_key_keeps_a_field_of_its_own() -> None:
    """The key has the next field's value then, in either way of writing."""
    columns = {
        column.name: column
        for column in (
            pl.Series("salesforce.row_count", [2**63, 5], dtype=pl.UInt64),
            pl.Series("salesforce.rows_fetched", [0, 0], dtype=pl.Int64),
        )
    }
    by_row, by_column = (way.lines(columns, 2, own_keys=True).to_list() for way in (cef_rows, cef_columns))
    assert by_column == by_row
    assert "salesforceRowCount=9223372036854775808" in by_row[0]


def test_no_rows_are_no_lines() -> None:
    """An empty frame of any columns gives an empty column of text."""
    frame = pl.DataFrame({"event.id": ["1"], "user.roles": [["a"]], "event.duration": [1]}).clear()
    assert encode(frame).to_list() == []
    assert encode(frame).dtype == pl.String


def test_an_empty_list_does_not_make_up_for_one_of_two() -> None:
    """As many elements as rows is not one in each row."""
    columns = {"error.message": pl.Series([[], ["a", "b"]], dtype=pl.List(pl.String))}
    by_row, by_column = (way.lines(columns, 2, own_keys=False).to_list() for way in (cef_rows, cef_columns))
    assert by_row == by_column
    assert "msg=" not in by_row[0]
    assert "msg=a,b" in by_row[1]
