"""Hourly and daily files of one org."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.scripted_org.scripted_org import ScriptedFile, ScriptedOrg, csv_of
from tests.sources.event_log_file.log_files import HOUR, daily, hourly, rows
from tests.sources.reader import START, Clock, Reader


@pytest.mark.parametrize("interval", ["auto", "hourly"])
def test_without_the_interval_field_daily_files_are_read(
    reader: Reader, org: ScriptedOrg, clock: Clock, interval: str
) -> None:
    """An org without hourly files falls back to daily ones and says so once."""
    org.change_faults(no_hourly=True)
    org.files = [daily(1, "a", "b")]
    reader.restart(interval=interval)
    reader.read()
    reader.restart()
    clock.advance(hours=3)
    reader.read()
    assert reader.rows() == ["a", "b"]
    assert [e["event.action"] for e in reader.own()] == ["hourly-files-missing"]


def test_hourly_files_that_come_later_are_read_without_doubling(reader: Reader, org: ScriptedOrg, clock: Clock) -> None:
    """When hourly files appear, reading changes over; rows that a day's file brought are not taken again."""
    org.files = [daily(1, "a", "b", days_ago=2)]
    reader.read()
    assert [e["event.action"] for e in reader.own()] == ["hourly-files-missing"]
    old = hourly(2, "b", hours_ago=-1)
    old.log_date = org.files[0].log_date + 9 * HOUR
    org.files += [old, hourly(3, "c", hours_ago=-1)]
    clock.advance(hours=2)
    reader.read()
    assert reader.rows() == ["a", "b", "c"]
    assert reader.own()[-1]["event.action"] == "hourly-files-found"


def test_the_daily_file_reconciles_what_hourly_ones_left_out(reader: Reader, org: ScriptedOrg, clock: Clock) -> None:
    """Of a day's file only the rows that no hourly file brought are new."""
    reader.restart(reconcile_daily=True, start=dt.timedelta(days=4))
    day = START.replace(hour=0) - dt.timedelta(days=2)
    for hour in range(10):
        body = csv_of("Login", rows(*(f"{hour}-{n}" for n in range(10))))
        org.files.append(ScriptedFile(f"0AT{hour:015}", day + (hour + 4) * HOUR, day + hour * HOUR, body))
    everything = [f"{hour}-{n}" for hour in range(10) for n in range(11)]
    org.files.append(daily(99, *everything, days_ago=2))
    reader.read()
    assert sorted(reader.rows()) == sorted(everything)
    assert reader.duplicates == 100
    assert reader.own() == []


def test_a_daily_file_that_does_not_fit_its_hours_is_held(reader: Reader, org: ScriptedOrg, clock: Clock) -> None:
    """If hourly and daily files do not agree cell for cell, nothing is doubled and an event tells."""
    reader.restart(reconcile_daily=True, start=dt.timedelta(days=4))
    day = START.replace(hour=0) - dt.timedelta(days=2)
    org.files = [ScriptedFile("0AT000000000000001", day + 4 * HOUR, day, csv_of("Login", rows(*range(100))))]
    org.files.append(daily(2, *(f"other spelling {n}" for n in range(100)), days_ago=2))
    reader.read()
    reader.read()
    assert len(reader.rows()) == 100
    (event,) = reader.own()
    assert event["event.action"] == "log-held"
    assert event["leakline.known_share"] == 0.0
    assert org.calls["log_file"] == 2
