"""Which log files are of the past: those that live collection never reads, each hour's rows once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from agent.sources.event_log_file.checkpoint import ReadPosition
from agent.sources.event_log_file.file_batches import EDGE, taken_once
from agent.sources.event_log_file.listed_file import ListedFile
from agent.sources.event_log_file.source import EventLogFileSettings
from agent.sources.history.past import LiveSource
from agent.sources.history.past_files import PastFiles
from tests.detection.memory_store import MemoryStore

DAY = datetime(2026, 3, 5, tzinfo=UTC)
BEGIN = DAY + timedelta(days=2)
"""When live collection began."""


class Memory(MemoryStore):
    """As a source recalls it."""

    def __call__(self, key: str) -> bytes | None:
        return self.get(key)


def hour(number: int, created: datetime, length: int = 100) -> ListedFile:
    return ListedFile(created, f"0AT{number:015}", "Login", "Hourly", DAY + timedelta(hours=number), length)


def day(created: datetime, length: int, event_type: str = "Login") -> ListedFile:
    return ListedFile(created, "0AT000000000000999", event_type, "Daily", DAY, length)


def wanted(files: list[ListedFile], live: Memory | None = None) -> list[ListedFile]:
    past = PastFiles(
        cast("Any", None),
        EventLogFileSettings(event_types="all"),
        LiveSource(lambda: ReadPosition(BEGIN, BEGIN).cursor(), cast("Any", live or Memory())),
        now=lambda: BEGIN,
        recall=cast("Any", Memory()),
        identity=cast("Any", None),
        temp_directory=Path(),
    )
    return past._wanted(files, BEGIN)


def test_a_file_is_of_the_past_if_it_was_created_before_live_collection_began() -> None:
    """Whatever hour it is about: live collection lists files by when they were created."""
    before, after = hour(1, BEGIN - timedelta(seconds=1)), hour(2, BEGIN)
    assert wanted([after, before]) == [before]


@pytest.mark.parametrize(("length", "is_read"), [(200, False), (201, True)])
def test_a_day_is_read_where_it_holds_more_than_its_hours(length: int, is_read: bool) -> None:
    """Else its rows would be fetched twice."""
    hours, of_day = (
        [hour(1, BEGIN - timedelta(days=1)), hour(2, BEGIN - timedelta(days=1))],
        day(BEGIN - DAY_LATER, length),
    )
    assert (of_day in wanted([*hours, of_day])) is is_read


DAY_LATER = timedelta(hours=3)


def test_a_type_without_hours_is_read_by_its_days() -> None:
    """Also where the day's file came after live collection began, which reads no day that began before it."""
    late = day(BEGIN + timedelta(hours=1), 10, "Sites")
    assert wanted([late]) == [late]
    assert wanted([late], Memory({"interval": b"daily"})) == []


def test_rows_around_the_begin_are_taken_once_by_their_ids() -> None:
    """By live collection and by a backfill, whichever comes first; others are told apart by their files."""
    times = [BEGIN - timedelta(days=7), BEGIN - timedelta(days=6), BEGIN - timedelta(hours=1), BEGIN]
    files = [ListedFile(BEGIN, "0AT000000000000001", "Login", "Hourly", time, 1) for time in times]
    assert [taken_once(file, BEGIN) for file in files] == [None, EDGE, EDGE, None]
