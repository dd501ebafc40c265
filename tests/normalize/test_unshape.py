"""The way back: raw cells from shaped events."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.model import Batch
from tests.golden.documents import (
    documents,
    golden_batch,
    golden_batches,
)
from tests.normalize.batches import (
    EVENT_TYPES,
    NORMALIZER,
    REAL_TIME_EVENTS,
    batch_of,
    cells_of,
    flat,
    shaped,
)


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_golden_files_can_be_had_back(event_type: str) -> None:
    """From the shaped events of each type the raw cells come back, every one."""
    batch = golden_batch(event_type)
    assert cells_of(NORMALIZER.unshape(shaped(batch))) == cells_of(batch.frame)


@pytest.mark.parametrize("event", REAL_TIME_EVENTS)
def test_real_time_events_can_be_had_back(event: str) -> None:
    """From the shaped events, streamed and stored, the raw cells come back, every one."""
    for batch in golden_batches(event):
        assert cells_of(NORMALIZER.unshape(shaped(batch))) == cells_of(batch.frame)


def test_events_of_many_types_come_back_from_an_archive() -> None:
    """An archive of nested documents, read again with times as text, gives the raw cells of every row in its order."""
    docs = [doc for event_type in EVENT_TYPES for doc in documents(NORMALIZER, golden_batch(event_type))]
    archive = pl.from_dicts([flat(doc) for doc in docs[::-1]], infer_schema_length=None)
    raw = [row for event_type in EVENT_TYPES for row in cells_of(golden_batch(event_type).frame)]
    assert cells_of(NORMALIZER.unshape(archive)) == raw[::-1]


CELL = st.one_of(
    st.none(),
    st.text(min_size=1, max_size=12),
    st.sampled_from(["0", "1", "true", "False", "007", "+5", "-0", "12.0", "1e3", "9223372036854775808", "NaN", " "]),
    st.sampled_from(["20260302081505.718", "20260302081505", "20260302081505.7", "2026-03-02T08:15:05.718Z"]),
    st.sampled_from(["2026-03-02 08:15:05.718Z", "2026-03-02T08:15:05+0000", "2026-02-30T08:15:05.718Z"]),
    st.sampled_from(
        ["005Kz00000Vol61", "005Kz00000Vol61IAB", "005Kz00000Vol61XXX", "005Kz00000Vol6é", "00DKz00000Irg9q"]
    ),
    st.sampled_from(["10.0.0.1", "010.0.0.1", "2001:DB8::1", "fe80::1%eth0", "Salesforce.com IP", "1.2.3.4, 5.6.7.8"]),
    st.sampled_from(
        ["\t", "\u00a0 ", "[2001:DB8::1]:443", "::ffff:1.2.3.4", "1.2.3.4:80", "2001:db8::1%25x", "rv%3A5 C"]
    ),
    st.sampled_from(["A.b=5;aura://C/ACTION$d", "1$C/ACTION$d$e=5;;", "G", "n", "12.50", "-7"]),
    st.sampled_from(["/a?b=c#d", "https://u:p@h:99999/x", "//h/x", '"https://h/x"', "a%20b", "Mozilla%2F5.0+%28X%29"]),
    st.sampled_from(["LOGIN_NO_ERROR", "S", "F", "200", "500", "X", '{"a":"\\u0000"}', "a\nb", "\u2028", "Login"]),
)


COLUMNS = [
    "EVENT_TYPE",
    "TIMESTAMP",
    "TIMESTAMP_DERIVED",
    "ORGANIZATION_ID",
    "USER_ID",
    "USER_ID_DERIVED",
    "USER_NAME",
    "RUN_TIME",
    "DURATION",
    "SUCCESS",
    "CLIENT_IP",
    "SOURCE_IP",
    "URI",
    "URL",
    "LOGIN_STATUS",
    "BROWSER_TYPE",
    "STATUS_CODE",
    "DB_TOTAL_TIME",
    "REPORT_ID",
    "REPORT_ID_DERIVED",
    "URI_ID_DERIVED",
    "ROW_COUNT",
    "NEVER_SEEN",
    "NEVER_SEEN_DERIVED",
    "USER",
    "mixedCase",
    "source.ip",
    "EXCEPTION_MESSAGE",
    "ERROR_MESSAGE",
    "ACTION_MESSAGE",
    "USER_AGENT",
    "USER_TYPE",
]


@st.composite
def raw_batches(draw: st.DrawFn) -> Batch:
    event_type = draw(st.sampled_from([*EVENT_TYPES, "NobodyKnowsThis", "report"]))
    columns = draw(st.lists(st.sampled_from(COLUMNS), unique=True, min_size=1))
    rows = draw(st.integers(0, 4))
    return batch_of(event_type, **{name: draw(st.lists(CELL, min_size=rows, max_size=rows)) for name in columns})


@settings(max_examples=300, deadline=None)
@given(raw_batches())
def test_any_cells_come_back(batch: Batch) -> None:
    """Whatever stands in a raw frame, in whatever columns, can be read back from its shaped events, cell by cell."""
    frame = shaped(batch)
    assert frame.height == batch.frame.height
    assert cells_of(NORMALIZER.unshape(frame)) == cells_of(batch.frame)


@settings(max_examples=100, deadline=None)
@given(raw_batches())
def test_preparing_adds_and_changes_nothing(batch: Batch) -> None:
    """A prepared frame has the raw columns as they were, in their places, and computed ones behind them."""
    prepared = NORMALIZER.prepare(batch)
    assert prepared.select(batch.frame.columns).equals(batch.frame)
    assert prepared.columns[: batch.frame.width] == batch.frame.columns


@pytest.mark.parametrize("event_type", ["Login", "BrandNewThing"])
def test_events_from_before_there_were_families_give_their_rows_back(event_type: str) -> None:
    """An archive whose `event.dataset` is the service is read as before."""
    frame = shaped(batch_of(event_type, URI=["/x"], LOGIN_STATUS=["LOGIN_NO_ERROR"]))
    old = frame.drop("leakline.service").with_columns(pl.lit("salesforce.event_log_file").alias("event.dataset"))
    assert cells_of(NORMALIZER.unshape(old)) == cells_of(NORMALIZER.unshape(frame))
    assert cells_of(
        NORMALIZER.unshape(pl.concat([old, frame], how="diagonal").drop("event.id").with_row_index("event.id"))
    )
