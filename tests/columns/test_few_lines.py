"""What is told of few lines is what is told of many."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from agent.columns.sent_mark import marked
from agent.columns.small import SMALL
from agent.columns.string_buffer import byte_lengths
from agent.columns.timestamp import TIME, constant_time

TEXTS = st.one_of(st.sampled_from(["", "ä😀", "\x00"]), st.text(max_size=8))
DOCUMENTS = st.lists(
    st.sampled_from(
        [
            "{}",
            '{"event":{"id":"1"}}',
            '{"a":"x","event":{"id":"1"},"b":{"event":{"id":"2"}}}',
            '{"event":{"id":"ä"},"leakline":{"truncated":["*"]}}',
            '{"event":{"id":"1"},"leakline":{"truncated":["a"]}}',
            '{"text":"\\"event\\":{"}',
        ]
    ),
    min_size=1,
    max_size=6,
)


def _longer(column: pl.Series) -> pl.Series:
    return column[pl.Series([row % len(column) for row in range(SMALL + 1)])]


@given(texts=st.lists(TEXTS, min_size=1, max_size=6))
def test_lengths_in_bytes(texts: list[str]) -> None:
    """In UTF-8."""
    lines = pl.Series("line", texts, dtype=pl.String)
    few, many = byte_lengths(lines), byte_lengths(_longer(lines))
    assert few.dtype == many.dtype == pl.UInt32 and few.name == many.name
    assert few.to_list() == many.to_list()[: len(texts)] == [len(text.encode()) for text in texts]


@given(documents=DOCUMENTS)
def test_marks_in_documents(documents: list[str]) -> None:
    """In the first object `event` of each, but of one of which nearly nothing is left."""
    lines = pl.Series("line", documents, dtype=pl.String)
    assert marked(lines).to_list() == marked(_longer(lines)).to_list()[: len(documents)]


@given(moment=st.datetimes(datetime(1970, 1, 1), datetime(2300, 1, 1), timezones=st.just(UTC)))
def test_a_time_as_a_column(moment: datetime) -> None:
    """As Polars would make it."""
    column, expected = constant_time("time", moment), pl.Series("time", [moment], dtype=TIME)
    assert column.equals(expected, check_names=True, check_dtypes=True)
