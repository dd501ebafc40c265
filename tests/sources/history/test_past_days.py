"""Days of log files as a backfill reads them, beside live collection of the same org."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice

import pytest

from agent.model import Batch
from agent.normalize.row_identity import EarlierIds, Occurrences, identify
from agent.sources.event_log_file.deduplicate import RowIdentity
from agent.sources.history.past import LiveSource
from agent.sources.history.past_files import PastFiles
from agent.sources.object_query.span import Span, milliseconds
from agent.sources.salesforce.session import Session
from tests.scripted_org.scripted_org import ScriptedFile, ScriptedOrg, csv_of
from tests.sources.event_log_file.log_files import HOUR, rows
from tests.sources.reader import START, Clock, Reader, RecalledKeys

TODAY = START.replace(hour=0)
LONG_AGO = TODAY - timedelta(days=15)
FROM_SIX = timedelta(hours=6)
"""Live collection takes what was created in the last six hours: since 06:00."""


class PastReader:
    """Reads as the ingest loop does, and leaves out what was taken once."""

    def __init__(self, live: Reader, session: Session) -> None:
        self.live, self.memory = live, RecalledKeys()
        self._ids: set[str] = set()
        self.came: list[str] = []
        self.source = PastFiles(
            session,
            live.settings,
            LiveSource(lambda: live.cursor, live.memory),
            now=live.clock,
            recall=self.memory,
            identity=RowIdentity(identify, Occurrences, EarlierIds),
            temp_directory=live.directory,
        )

    def begin_live(self, org: ScriptedOrg) -> None:
        """With an hour without rows."""
        org.files = [hour(TODAY, 5, count=0)]
        self.read_live()

    def read_live(self) -> None:
        for batch in self.live.read():
            self._take(batch)

    def read(self, start: datetime, end: datetime, stop_after: int = 1_000) -> None:
        """One day, or its first batches."""
        for batch in islice(self.source.read(Span(milliseconds(start), milliseconds(end)), None), stop_after):
            self.memory.apply(batch.remember)
            self._take(batch)

    def _take(self, batch: Batch) -> None:
        if not batch.frame.height or "URI" not in batch.frame.columns:
            return
        for ident, name in batch.frame.select("event.id", "URI").iter_rows():
            if batch.once is None or ident not in self._ids:
                self.came.append(name)
            if batch.once is not None:
                self._ids.add(ident)


def hour(day: datetime, number: int, count: int = 3) -> ScriptedFile:
    """Of an hour of a day; it was created three hours later."""
    names = [f"{day:%d} {number} {row}" for row in range(count)]
    log_date = day + number * HOUR
    return ScriptedFile(f"0AT{day:%d}{number:013}", log_date + 3 * HOUR, log_date, csv_of("Login", rows(*names)))


def whole_day(day: datetime, names: list[str]) -> ScriptedFile:
    """Its own file, which came 45 hours after it began."""
    body = csv_of("Login", rows(*names))
    return ScriptedFile(f"0AT{day:%d}9999999999999", day + 45 * HOUR, day, body, interval="Daily", sequence=0)


@pytest.fixture
def past(reader: Reader, session: Session) -> PastReader:
    reader.restart(start=FROM_SIX, settle=timedelta())
    return PastReader(reader, session)


@pytest.mark.parametrize("late", [0, 60])
def test_the_day_in_which_live_collection_began_is_read_once(
    past: PastReader, org: ScriptedOrg, clock: Clock, late: int
) -> None:
    """Its own file came since, and has the rows that live collection brought too: of these none comes twice, also where the
    file has more than its hours have.
    """
    org.files = [hour(TODAY, number) for number in range(9)]
    past.read_live()
    assert sorted(past.came) == [f"01 {number} {row}" for number in range(3, 9) for row in range(3)]
    names = [f"01 {number} {row}" for number in range(9) for row in range(3)] + [f"01 late {n}" for n in range(late)]
    org.files.append(whole_day(TODAY, names))
    clock.advance(days=2)
    past.read_live()
    past.read(TODAY, TODAY + timedelta(hours=6))
    assert sorted(past.came) == sorted(names)


def test_a_part_of_a_day_is_read_with_all_of_its_files(past: PastReader, org: ScriptedOrg) -> None:
    """A file of the day has rows of the part, though it began before it."""
    past.begin_live(org)
    org.files = [whole_day(LONG_AGO, ["morning", "evening"])]
    past.read(LONG_AGO + timedelta(hours=12), LONG_AGO + timedelta(days=1))
    assert past.came == ["morning", "evening"]
    past.read(LONG_AGO, LONG_AGO + timedelta(hours=12))
    assert past.came == ["morning", "evening"]


def test_a_day_in_whose_middle_a_backfill_was_stopped_is_not_read_twice(past: PastReader, org: ScriptedOrg) -> None:
    """Though the next one begins with days before it."""
    past.begin_live(org)
    before = LONG_AGO - timedelta(days=1)
    org.files = [hour(LONG_AGO, 1), hour(LONG_AGO, 2), hour(before, 1)]
    past.read(LONG_AGO, LONG_AGO + timedelta(days=1), stop_after=1)
    assert len(past.came) == 3
    past.read(before, LONG_AGO)
    past.read(LONG_AGO, LONG_AGO + timedelta(days=1))
    assert sorted(past.came) == sorted(f"{day} {row}" for day in ("15 1", "16 1", "16 2") for row in range(3))
    assert not list(past.memory.keys("taken/Login/20260615/"))


def test_a_day_counts_as_read_only_if_live_collection_had_begun(past: PastReader, org: ScriptedOrg) -> None:
    """Until then nobody knows which of its files are of the past: none is read."""
    org.files = [hour(LONG_AGO, 1)]
    past.read(LONG_AGO, LONG_AGO + timedelta(days=1))
    assert past.came == []
    past.begin_live(org)
    org.files = [hour(LONG_AGO, 1)]
    past.read(LONG_AGO, LONG_AGO + timedelta(days=1))
    assert len(past.came) == 3
