"""Frames of any shape that the ECS format takes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
from hypothesis import strategies as st

text = st.text(max_size=12) | st.sampled_from(
    ['"', "\\", '\\"', "\n", "\0", "\x1f", "\x7f", "\u2028", "\ud7ff", "😀", "}{", '","', "a=b|c", "", "null"]
)
moments = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)).map(
    lambda t: t.replace(microsecond=t.microsecond // 1000 * 1000, tzinfo=UTC)
)
KINDS: dict[pl.DataType, st.SearchStrategy[Any]] = {
    pl.String(): text,
    pl.Int64(): st.integers(-(2**63), 2**63 - 1),
    pl.UInt16(): st.integers(0, 2**16 - 1),
    pl.Float64(): st.floats(width=64),
    pl.Boolean(): st.booleans(),
    pl.Datetime("ms", "UTC"): moments,
    pl.Date(): st.dates(date(1970, 1, 2), date(2200, 1, 1)),
}
KINDS |= {pl.List(kind): st.lists(st.none() | of, max_size=3) for kind, of in KINDS.items()}

names = st.lists(st.sampled_from(["a", "b", 'q"', "é"]), min_size=1, max_size=3).map(".".join)


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    height = draw(st.integers(1, 6))
    columns = draw(st.dictionaries(names, st.sampled_from(list(KINDS)), min_size=1, max_size=7))
    series = []
    for name, kind in columns.items():
        value = KINDS[kind]
        repeat = draw(st.booleans())
        values = (
            [draw(value)] * height if repeat else draw(st.lists(st.none() | value, min_size=height, max_size=height))
        )
        series.append(pl.Series(name, values, dtype=kind))
    return pl.DataFrame(series)
