"""When raw events say they were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from agent.hunt.raw_time import parse_time, times

WHEN = datetime(2026, 7, 1, 8, 0, 0, 123000, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-07-01T08:00:00.123Z", "2026-07-01 08:00:00.123", "2026-07-01T10:00:00.123+02:00", "20260701080000.123",
        "1782892800123", "1782892800.123", "1782892800123000", "1782892800123000000",
    ],
)  # fmt: skip
def test_spellings_of_one_moment(text: str) -> None:
    """Each spelling that is read means the same moment; one without a zone is UTC."""
    assert parse_time(text) == WHEN


@pytest.mark.parametrize("text", ["", "yesterday", "12", "99999999999999", "2026-13-01T00:00:00Z"])
def test_what_is_no_time_is_none(text: str) -> None:
    """A text that is no moment gives no time: it does not become now."""
    assert parse_time(text) is None


def test_the_first_column_with_a_time_counts() -> None:
    """A column that holds no time in a row, or several, gives way to the next; a row without any has none."""
    frame = pl.DataFrame(
        {
            "a": ["soon", "2026-07-01T08:00:00.123Z", None],
            "b": ["1782892800123", "1782892900123", "never"],
            "c": [["2026-07-01", "2026-07-02"], [], []],
        }
    )
    assert times(frame, ["none", "c", "a", "b"]).to_list() == [WHEN, WHEN, None]
    assert times(frame, ["b", "a"]).to_list() == [WHEN, WHEN + timedelta(seconds=100), None]
