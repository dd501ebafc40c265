from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.normalize.event_time import is_plain_compact, is_plain_iso, read_time, write_compact, write_iso

MOMENT = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
)


def text(*cells: str | None) -> pl.Series:
    return pl.Series(cells, dtype=pl.String)


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def compact(moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M%S.") + f"{moment.microsecond // 1000:03d}"


@given(st.lists(MOMENT, min_size=1))
def test_both_spellings(moments: list[datetime]) -> None:
    """A time reads the same from either column, and is written back as it was in both."""
    derived, timestamp = text(*map(iso, moments)), text(*map(compact, moments))
    time = read_time(derived, None)
    assert time.to_list() == moments == read_time(None, timestamp).to_list()
    assert write_iso(time).equals(derived)
    assert write_compact(time).equals(timestamp)
    assert is_plain_iso(derived, time)
    assert is_plain_compact(timestamp, derived)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("20220803011210", datetime(2022, 8, 3, 1, 12, 10, tzinfo=UTC)),
        ("20220803011207.13", datetime(2022, 8, 3, 1, 12, 7, 130_000, tzinfo=UTC)),
        ("20220803011207.1", datetime(2022, 8, 3, 1, 12, 7, 100_000, tzinfo=UTC)),
        ("20220803011207.1239", datetime(2022, 8, 3, 1, 12, 7, 123_000, tzinfo=UTC)),
        ("20220803011207.", datetime(2022, 8, 3, 1, 12, 7, tzinfo=UTC)),
        ("2022-08-03T01:12:07.130Z", datetime(2022, 8, 3, 1, 12, 7, 130_000, tzinfo=UTC)),
        ("2022-08-03T01:12:07Z", datetime(2022, 8, 3, 1, 12, 7, tzinfo=UTC)),
        ("2022-08-03T01:12:07.130+0000", datetime(2022, 8, 3, 1, 12, 7, 130_000, tzinfo=UTC)),
        ("20221303011207.130", None),
        ("2022080301120", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_what_files_have(cell: str, expected: datetime | None) -> None:
    """Fractions may be short, long or missing, and what is no time is null, beside other cells of any kind."""
    assert read_time(None, text(cell, "nonsense")).to_list() == [expected, None]
    assert read_time(text(None, "nonsense"), text(cell, "20220803011210")).to_list()[0] == expected


def test_derived_comes_first() -> None:
    """TIMESTAMP stands in only where TIMESTAMP_DERIVED says nothing that can be read."""
    time = read_time(text("2022-08-03T01:00:00.000Z", None, "x"), text("20220803020000.0", "20220803020000.0", None))
    assert write_iso(time).to_list() == ["2022-08-03T01:00:00.000Z", "2022-08-03T02:00:00.000Z", None]


@pytest.mark.parametrize(
    "cell",
    ["2022-08-03 01:12:07.130Z", "2022-08-03T01:12:07+0000", "2022-08-03T01:12:07.13Z", "2022-08-33T01:12:07.130Z"],
)
def test_other_spellings_are_not_plain(cell: str) -> None:
    """A spelling that would be written differently is never taken for the plain one."""
    column = text("2022-08-03T01:12:07.130Z", cell)
    assert not is_plain_iso(column, read_time(column, text("20220803011207.130", "20220803011207.130")))


def test_another_time_is_not_plain() -> None:
    """A TIMESTAMP that differs in one digit from its twin is noticed."""
    derived = text("2022-08-03T01:12:07.130Z", "2022-08-03T01:12:07.130Z")
    assert not is_plain_compact(text("20220803011207.130", "20220803011207.131"), derived)
    assert not is_plain_compact(text("20220803011207.130", "20220803011207.13"), derived)
