"""What correlations read of matched rows is the same whether these are few or many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.columns.small import SMALL
from agent.columns.text.group_text import LONGEST
from agent.columns.timestamp import TIME
from agent.detection.correlation.row_times import RowTimes
from agent.detection.correlation.rows import ADDRESS, USER, read_matched
from agent.detection.correlation.text_codes import TextCodes

TEXTS = st.one_of(
    st.none(),
    st.sampled_from(["", " ", "ann", 'a"b\\', "ä", "😀", "\x00\x1f\x7f", "a" * (LONGEST + 1), "é" * LONGEST, "/<>&"]),
    st.text(max_size=5),
)
IDS = st.one_of(st.none(), st.sampled_from(["", "0" * 32, "f" * 32, "F" * 32, "x" * 15, "é" * 7 + "x", "~~", "="]))
TIMES = st.one_of(
    st.none(), st.integers(0, 10**6).map(lambda ms: datetime(2026, 3, 4, tzinfo=UTC) + timedelta(milliseconds=ms))
)
ROWS = st.lists(st.tuples(IDS, TIMES, TEXTS, TEXTS, TEXTS, st.one_of(st.none(), st.floats())), min_size=1, max_size=8)
KEYS = {
    USER,
    ADDRESS,
    ("user.name", "source.ip"),
    ("number",),
    ("tags",),
    ("absent", "user.id"),
    ("number", "user.name"),
}
VALUES = {("user.name",), ("user.id", "number"), ("absent",)}


@settings(max_examples=150, deadline=None)
@given(rows=ROWS, timed=st.booleans())
def test_few_rows_are_read_as_many_are(rows: list[tuple[object, ...]], timed: bool) -> None:
    """Rows that are there again are left out, so the same few rows are left of a long frame."""
    names = ["event.id", "@timestamp", "user.name", "user.id", "source.ip", "number"]
    kinds: list[pl.DataType | type[pl.DataType]] = [pl.String, TIME, pl.String, pl.String, pl.String, pl.Float64]
    cells = zip(names, zip(*rows, strict=True), kinds, strict=True)
    columns = [pl.Series(name, column, dtype=kind) for name, column, kind in cells if timed or name != "@timestamp"]
    frame = pl.DataFrame([*columns, pl.Series("tags", [["a"]] * len(rows))])
    longer = frame[pl.Series([row % frame.height for row in range(SMALL + 1)])]
    (few_codes, few), (many_codes, many) = (
        read_matched({"base": matched}, {"base": KEYS}, {"base": VALUES}, TextCodes()) for matched in (frame, longer)
    )
    assert few["base"].rows.equals(many["base"].rows)
    assert few["base"].rows.schema == many["base"].rows.schema
    assert few["base"].keys == many["base"].keys and few["base"].values == many["base"].values
    assert few_codes.frame["text"].to_list() == many_codes.frame["text"].to_list()


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(-(10**13), 10**13)), min_size=1, max_size=8))
def test_times_of_few_rows_are_those_of_many(rows: list[tuple[int, int]]) -> None:
    """Also before 1970 and after 2106."""
    group, time = pl.Series([of for of, _ in rows], dtype=pl.UInt32), pl.Series([at for _, at in rows], dtype=pl.Int64)
    few = RowTimes(0).with_rows(group, time, 0)
    places = pl.Series([row % len(rows) for row in range(SMALL + 1)])
    many = RowTimes(0).with_rows(group[places], time[places], 0)
    assert sorted(set(few.recent.to_list())) == sorted(set(many.recent.to_list()))
