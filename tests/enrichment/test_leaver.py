from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from agent.enrichment.leaver import LEAVING, LEFT, LeaverColumns, Leavers

ADA, BEN = "005A00000012345AAA", "005B00000000001AAA"


@pytest.fixture
def leavers(tmp_path: Path) -> LeaverColumns:
    (tmp_path / "leavers.csv").write_text(f"id,last_day\n{ADA},2026-06-30\n")
    return LeaverColumns(Leavers(tmp_path / "leavers.csv", None), timedelta(days=60))


def columns(leavers: LeaverColumns, user: str, moment: datetime | None) -> dict[str, object]:
    times = pl.Series([moment], dtype=pl.Datetime("ms", "UTC"))
    found = leavers.columns({"user.id": pl.Series([user]), "@timestamp": times})
    return {name: found[name][0] for name in (LEAVING, LEFT) if name in found}


@pytest.mark.parametrize(
    ("moment", "leaving", "left"),
    [
        (datetime(2026, 4, 30, tzinfo=UTC), False, False),
        (datetime(2026, 5, 1, tzinfo=UTC), True, False),
        (datetime(2026, 6, 30, 23, tzinfo=UTC), True, False),
        (datetime(2026, 7, 1, 11, 59, tzinfo=UTC), True, False),  # still the last day, west of everybody
        (datetime(2026, 7, 1, 12, tzinfo=UTC), True, True),
        (None, None, None),
    ],
)
def test_who_leaves_is_told_by_the_events_time(
    leavers: LeaverColumns, moment: datetime | None, leaving: bool | None, left: bool | None
) -> None:
    """From so long before the last day on somebody leaves; when it is over everywhere on Earth, the person has left."""
    assert columns(leavers, ADA, moment) == {LEAVING: leaving, LEFT: left}


def test_who_is_not_on_the_list_stays(leavers: LeaverColumns) -> None:
    """Whatever the day."""
    assert columns(leavers, BEN, datetime(2026, 12, 1, tzinfo=UTC)) == {LEAVING: False, LEFT: False}
