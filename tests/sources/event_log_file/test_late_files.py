"""Files that are late, repeated or replaced: each row comes once."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.scripted_org.scripted_org import ScriptedOrg, csv_of
from tests.sources.event_log_file.log_files import HOUR, daily, hourly, rows
from tests.sources.reader import START, Clock, Reader


def test_files_that_become_visible_late_are_found(reader: Reader, org: ScriptedOrg, clock: Clock) -> None:
    """A file behind the high water is found by the overlap, an older one by the sweep."""
    near, far = hourly(1, "near", hours_ago=2.5), hourly(2, "far", hours_ago=20)
    near.visible_at = far.visible_at = START + dt.timedelta(minutes=10)
    org.files = [near, far, hourly(3, "first", hours_ago=2)]
    reader.read()
    assert reader.rows() == ["first"]
    clock.advance(minutes=20)
    reader.read()
    assert reader.rows() == ["first", "near"]
    clock.advance(minutes=50)
    reader.read()
    assert reader.rows() == ["first", "near", "far"]


def test_a_sweep_whose_files_were_not_committed_is_made_again(reader: Reader, org: ScriptedOrg, clock: Clock) -> None:
    """A pass that could not be committed costs an old file no further hour."""
    far = hourly(2, "far", hours_ago=20)
    far.visible_at = START + dt.timedelta(minutes=10)
    org.files = [far, hourly(3, "first", hours_ago=2)]
    reader.read()
    clock.advance(minutes=70)
    assert len(list(reader.source.read(reader.cursor))) == 1
    clock.advance(minutes=1)
    reader.read()
    assert reader.rows() == ["first", "far"]
    clock.advance(minutes=1)
    assert reader.read() == []


def test_ties_across_polls_are_not_lost(reader: Reader, org: ScriptedOrg, clock: Clock) -> None:
    """Files of the second of the high water that show up later, with smaller ids, are read."""
    org.files = [hourly(5, "five")]
    reader.read()
    org.files += [hourly(1, "one"), hourly(9, "nine")]
    reader.read()
    assert reader.rows() == ["five", "one", "nine"]


def test_a_late_increment_brings_only_its_new_rows(reader: Reader, org: ScriptedOrg, clock: Clock) -> None:
    """Sequence 2 may repeat rows of Sequence 1; true repeats within a file are kept."""
    org.files = [hourly(1, "a", "b", "b", "c")]
    reader.read()
    org.files.append(hourly(2, "b", "d", "a", "b", "b", hours_ago=1, sequence=2))
    reader.read()
    assert sorted(reader.rows()) == ["a", "b", "b", "b", "c", "d"]
    assert reader.duplicates == 3
    assert {(batch.time_flags, batch.usual_lag) for batch in reader.batches} == {((), dt.timedelta(hours=8))}


def test_equal_rows_of_other_hours_are_other_events(reader: Reader, org: ScriptedOrg) -> None:
    """Repeats are looked for within an hour, not beyond it."""
    org.files = [hourly(1, "a", log_hours_ago=5), hourly(2, "b", log_hours_ago=6)]
    reader.read()
    assert reader.rows() == ["a", "b"]
    assert reader.duplicates == 0


@pytest.mark.parametrize("change", ["created", "length"])
def test_a_replaced_file_brings_what_is_new(reader: Reader, org: ScriptedOrg, change: str) -> None:
    """The same id with another CreatedDate or length is read again, row by row."""
    org.files = [hourly(1, "a", "b")]
    reader.read()
    org.files[0].body = csv_of("Login", rows("b", "a", "c"))
    if change == "created":
        org.files[0].created += HOUR
        org.files[0].length = len(csv_of("Login", rows("a", "b")))
    reader.read()
    assert reader.rows() == ["a", "b", "c"]
    assert reader.duplicates == 2
    assert [list(batch.time_flags) for batch in reader.batches] == [[], ["reissued"]]


def test_a_replaced_daily_file_brings_what_is_new(reader: Reader, org: ScriptedOrg) -> None:
    """A day's file that is issued again with late rows does not double the day."""
    reader.restart(interval="daily")
    org.files = [daily(1, *range(50), hours_ago=5)]
    reader.read()
    org.files.append(daily(2, *range(55), hours_ago=1))
    reader.read()
    assert reader.rows() == [str(n) for n in range(55)]
    assert [list(batch.time_flags) for batch in reader.batches] == [[], ["reissued"]]
    assert {batch.usual_lag for batch in reader.batches} == {dt.timedelta(hours=48)}
