"""Rows of several frames are to be seen as those of one wide frame are."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from agent.columns.frame_parts import FrameParts

NAMES = ["id", "a", "b", "c"]


@st.composite
def parts(draw: st.DrawFn) -> FrameParts:
    """Up to five frames, maybe without rows, each with `id` and some of the other columns."""
    frames, first = [], 0
    for _ in range(draw(st.integers(1, 5))):
        height = draw(st.integers(0, 4))
        names = draw(st.permutations(NAMES[1:]))[: draw(st.integers(0, 3))]
        cells = {name: draw(st.lists(st.none() | st.text("xyz"), min_size=height, max_size=height)) for name in names}
        ids = [str(number) for number in range(first, first + height)]
        frames.append(pl.DataFrame({"id": ids, **cells}, schema=dict.fromkeys(["id", *names], pl.String)))
        first += height
    return FrameParts(frames)


def wide(rows: FrameParts) -> pl.DataFrame:
    frame = pl.concat(rows.frames, how="diagonal")
    absent = [pl.lit(None, pl.String).alias(name) for name in NAMES if name not in frame.columns]
    return frame.with_columns(absent).select(NAMES)


@given(parts(), st.data())
def test_rows_are_those_of_one_wide_frame(rows: FrameParts, data: st.DataObject) -> None:
    """Its height, columns and cells, slices, and any rows in any order, some of them twice."""
    whole = wide(rows)
    assert rows.height == whole.height
    assert rows.column("id").to_list() == whole["id"].to_list()
    assert all(rows.cells(name) == whole[name].to_list() for name in NAMES)
    start, end = (data.draw(st.integers(0, whole.height + 2)) for _ in range(2))
    assert_frame_equal(wide(rows.slice(start, end)), whole[start : max(start, end)])
    assert_frame_equal(wide(rows.slice(start)), whole[start:])
    chosen = data.draw(st.lists(st.integers(0, whole.height - 1))) if whole.height else []
    assert_frame_equal(wide(rows.rows(chosen)), whole[chosen])


@given(parts())
def test_a_row_has_the_columns_of_its_frame(rows: FrameParts) -> None:
    """And is found by the number that the frames are given with."""
    for first, frame in rows.numbered():
        for row in range(frame.height):
            assert_frame_equal(rows.row(first + row), frame[row : row + 1])


@given(parts(), st.permutations(NAMES))
def test_chosen_columns_are_one_frame(rows: FrameParts, names: list[str]) -> None:
    """Those that no frame has are left out; a row of a frame without one has a null there."""
    chosen = rows.select(["id", *[name for name in names[:2] if name != "id"]])
    for name in chosen.columns:
        assert chosen[name].to_list() == wide(rows)[name].to_list()
    assert set(chosen.columns) <= {name for frame in rows.frames for name in frame.columns}


@given(parts())
def test_text_is_made_frame_by_frame(rows: FrameParts) -> None:
    """Of the columns that a frame has, in the order of the rows."""
    text = rows.text(lambda frame: frame["id"] + f" of {frame.width}")
    assert text.to_list() == [
        f"{name} of {frame.width}" for _, frame in rows.numbered() for name in frame["id"].to_list()
    ]


def test_a_column_that_a_frame_lacks_is_an_error() -> None:
    """`column` is for what all have."""
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        FrameParts.of(pl.DataFrame({"a": [1]}), pl.DataFrame({"b": [1]})).column("a")
