"""The day's log file beside its hours: the figures are right to the row, whatever is killed, and a day is told once."""

from __future__ import annotations

import datetime as dt

import pytest

from agent.sources.event_log_file import csv_file
from agent.sources.event_log_file.source import EventLogFileSettings
from tests.completeness.conftest import ComparedOrg
from tests.scripted_org.scripted_org import ScriptedFile, csv_of
from tests.sources.event_log_file.log_files import HOUR, rows
from tests.sources.reader import START

SETTINGS = EventLogFileSettings(start=dt.timedelta(days=4))
DAY = START.replace(hour=0) - dt.timedelta(days=2)


def hour_file(number: int, *names: str, event_type: str = "Login") -> ScriptedFile:
    """Of an hour of the day, three hours after it."""
    log_date = DAY + number * HOUR
    ident = f"0AT{event_type[-2:]}{number:013}"
    return ScriptedFile(ident, log_date + 4 * HOUR, log_date, csv_of("Login", rows(*names)), event_type=event_type)


def day_file(*names: str, hours: float = 45, event_type: str = "Login") -> ScriptedFile:
    """Of the whole day, so many hours after its begin."""
    created, body = DAY + hours * HOUR, csv_of("Login", rows(*names))
    ident = f"0AT{event_type[-2:]}9{int(hours):012}"
    return ScriptedFile(ident, created, DAY, body, event_type=event_type, interval="Daily", sequence=0)


def names(hour: int, count: int) -> list[str]:
    return [f"{hour}-{number}" for number in range(count)]


@pytest.fixture
def compared(compared: ComparedOrg) -> ComparedOrg:
    """Ten hours of ten rows each, and a day that has an eleventh of each hour, long after."""
    compared.org.files = [hour_file(hour, *names(hour, 10)) for hour in range(10)]
    compared.org.files.append(day_file(*(name for hour in range(10) for name in names(hour, 11))))
    compared.clock.time = DAY + 50 * HOUR
    return compared


def test_a_day_is_counted_and_told(compared: ComparedOrg) -> None:
    """What hours brought is in time, what only the day's file has is late; the event says so once."""
    assert compared.read(SETTINGS) == 110
    compared.report()
    (day,) = compared.days()
    assert (day.source, day.day, day.state) == ("acme/event_log_file", DAY.date(), "complete")
    assert (day.expected, day.in_time, day.late, day.never, day.share) == (110, 100, 10, 0, 1.0)
    ((action, message),) = compared.told()
    assert action == "completeness"
    assert "100 of 110 rows came in time (90.90 %), 10 late, 0 never" in message
    compared.clock.advance(hours=1)
    compared.report()
    assert compared.told() == []
    assert compared.loops.problems.open() == []


@pytest.mark.parametrize("kill_at", [0, 5, 10, 11, 13])
def test_a_kill_counts_nothing_twice(compared: ComparedOrg, kill_at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures commit with the rows, so reading goes on with both where it stopped."""
    monkeypatch.setattr(csv_file, "CHUNK_BYTES", 1_000)  # the day's file comes in pieces
    compared.read(SETTINGS, kill_at=kill_at)
    compared.read(SETTINGS)
    (day,) = compared.days()
    assert (day.in_time, day.late, day.never) == (100, 10, 0)


def test_a_day_that_is_replaced_counts_each_row_once(compared: ComparedOrg) -> None:
    """The day's file comes again with three more rows: these are late too, and the day is told again."""
    compared.read(SETTINGS)
    compared.report()
    compared.told()
    everything = [name for hour in range(10) for name in names(hour, 11)]
    compared.org.files.append(day_file(*everything, "x", "y", "z", hours=52))
    compared.clock.advance(hours=4)
    compared.read(SETTINGS)
    compared.report()
    (day,) = compared.days()
    assert (day.expected, day.in_time, day.late) == (113, 100, 13)
    assert [action for action, _ in compared.told()] == ["completeness"]


def test_a_day_without_its_file_is_a_problem_in_the_end(compared: ComparedOrg) -> None:
    """A type of which only hours came is not compared; its file, once it comes, ends the problem."""
    compared.org.files += [hour_file(hour, *names(hour, 2), event_type="Report") for hour in range(3)]
    compared.read(SETTINGS)
    compared.report()
    assert (compared.days()[0].state, compared.told()) == ("waiting", [])
    compared.clock.time = DAY + 121 * HOUR
    compared.read(SETTINGS)
    compared.report()
    (day,) = compared.days()
    assert day.state == "incomplete"
    assert {feed.name: feed.missing for feed in day.feeds} == {"Login": "", "Report": "nothing came to compare it with"}
    (problem,) = compared.loops.problems.open()
    assert (problem.kind, problem.subject) == ("day-incomplete", f"acme/event_log_file {DAY.date()}")
    assert [action for action, _ in compared.told()] == ["completeness", "day-incomplete"]
    compared.org.files.append(
        day_file(*(n for hour in range(3) for n in names(hour, 2)), hours=119, event_type="Report")
    )
    compared.clock.advance(hours=1)
    compared.read(SETTINGS)
    compared.report()
    assert compared.days()[0].state == "complete"
    assert compared.loops.problems.open() == []


def test_a_held_day_says_why(compared: ComparedOrg) -> None:
    """A day's file that does not fit its hours brings nothing, and its day is not called complete."""
    compared.org.files[-1] = day_file(*(f"other {number}" for number in range(110)))
    assert compared.read(SETTINGS) == 101
    compared.clock.time = DAY + 121 * HOUR
    compared.report()
    (day,) = compared.days()
    assert (day.state, day.expected) == ("incomplete", 0)
    assert "was held" in day.feeds[0].missing


def test_records_that_cannot_be_read_are_never_complete(compared: ComparedOrg) -> None:
    """They are dead letters, whether an hour or the day's file brought them first, and each counts once."""
    bad = b'"20260701090000.000","broken\n'
    compared.org.files[0] = hour_file(0, *names(0, 10))
    compared.org.files[0].body += bad
    compared.org.files[-1].body += bad
    compared.read(SETTINGS)
    (day,) = compared.days()
    assert (day.in_time, day.late, day.never) == (100, 10, 1)
    compared.report()
    (problem,) = [problem for problem in compared.loops.problems.open() if problem.kind == "day-incomplete"]
    assert "1 never" in problem.message


def test_types_with_daily_files_alone_are_not_compared(compared: ComparedOrg) -> None:
    """Nothing precedes them, so nothing of them is late."""
    compared.org.files.append(day_file("a", "b", event_type="Logout"))
    assert compared.read(SETTINGS) == 112
    assert [feed.name for feed in compared.days()[0].feeds] == ["Login"]


@pytest.mark.parametrize("wanted", [False, True, None])
def test_the_listing_decides_unless_a_setting_does(compared: ComparedOrg, wanted: bool | None) -> None:
    """Both kinds are read where the org has both."""
    settings = SETTINGS.model_copy(update={"reconcile_daily": wanted})
    assert compared.read(settings) == (100 if wanted is False else 110)
    assert len(compared.days()) == (0 if wanted is False else 1)
