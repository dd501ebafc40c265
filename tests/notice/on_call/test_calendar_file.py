"""A calendar file says who is on call, and a bad one harms nobody."""

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from agent.notice.on_call import calendar_file
from agent.notice.on_call.calendar_events import CalendarRefused
from agent.notice.on_call.calendar_file import CalendarFile
from tests.notice.on_call.calendars import PEOPLE, calendar, event, file, on_call

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def test_an_event_has_the_name_of_a_person(tmp_path: Path) -> None:
    """Whatever its case and the blanks around it; other words make it another name."""
    summaries = ["ANA", " ben ", "cem on call", "Dia"]
    read = file(tmp_path / "c.ics", calendar(*(event(number, name) for number, name in enumerate(summaries))))
    assert sorted(on_call(read, "2026-11-27T12:00Z")) == ["Ben", "ana"]
    assert sorted(read.read(NOW, NOW + timedelta(hours=1)).unknown) == ["Dia", "cem on call"]


def test_times_have_the_zones_that_they_name(tmp_path: Path) -> None:
    """One without is in the zone of the rotation, and so are whole days."""
    events = [
        event(1, "ana", begins="TZID=America/New_York:20261127T080000", ends="TZID=America/New_York:20261127T090000"),
        event(2, "ben", begins="20261127T080000", ends="20261127T090000"),
        event(3, "cem", begins="VALUE=DATE:20261128", ends="VALUE=DATE:20261129"),
    ]
    read = file(tmp_path / "c.ics", calendar(*events))
    assert on_call(read, "2026-11-27T08:00-05:00") == ["ana"]
    assert on_call(read, "2026-11-27T09:00-05:00") == []
    assert on_call(read, "2026-11-27T08:00+01:00") == ["Ben"]
    assert on_call(read, "2026-11-27T22:59Z") == []
    assert on_call(read, "2026-11-27T23:00Z") == ["cem"]
    assert on_call(read, "2026-11-28T22:59Z") == ["cem"]


def test_events_recur_are_moved_and_cancelled(tmp_path: Path) -> None:
    """Over days of change by local time; one of a series may be elsewhere, or left out."""
    zone = "TZID=Europe/Berlin:"
    series = event(
        1,
        "ana",
        "RRULE:FREQ=WEEKLY;BYDAY=MO",
        f"EXDATE;{zone}20261102T090000",
        begins=f"{zone}20261012T090000",
        ends=f"{zone}20261012T100000",
    )
    moved = event(
        1, "ben", f"RECURRENCE-ID;{zone}20261109T090000", begins=f"{zone}20261109T150000", ends=f"{zone}20261109T160000"
    )
    gone = event(2, "cem", "STATUS:CANCELLED", begins="20261019T070000Z", ends="20261019T080000Z")
    read = file(tmp_path / "c.ics", calendar(series, moved, gone))
    at = (
        "2026-10-19T09:00+02:00",
        "2026-10-26T09:00+01:00",
        "2026-11-02T09:00+01:00",
        "2026-11-09T09:00+01:00",
        "2026-11-09T15:00+01:00",
    )
    assert on_call(read, at[0]) == ["ana"]
    assert [on_call(read, time) for time in at[1:]] == [["ana"], [], [], ["Ben"]]


HOSTILE = {
    "garbage": b"\x00\xff\xfe garbage",
    "empty": b"",
    "another form": b"<html>Sign in</html>",
    "cut off": calendar(event(1))[:-30].encode(),
    "without a beginning": calendar(event(1, begins="")).encode(),
    "a damaged beginning": calendar(event(1, begins="20261399T990000Z")).encode(),
    "ends before it begins": calendar(event(1, ends="20251127T180000Z")).encode(),
    "a damaged rule": calendar(event(1, "ana", "RRULE:FREQ=SOMETIMES")).encode(),
    "each second": calendar(event(1, "ana", "RRULE:FREQ=SECONDLY")).encode(),
    "minutes of each hour": calendar(event(1, "ana", "RRULE:FREQ=DAILY;BYMINUTE=0,1,2,3")).encode(),
    "too many events": calendar("BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n" * 100_000).encode(),
    "too many occurrences": calendar(*(event(number, "ana", "RRULE:FREQ=DAILY") for number in range(300))).encode(),
    "too many bytes": calendar("X-A:" + "x" * 5_000_001 + "\r\n").encode(),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_good_calendar_is_refused(tmp_path: Path, content: bytes) -> None:
    """With its path, and the events that were read before count on."""
    read = file(tmp_path / "c.ics", calendar(event(1)))
    assert on_call(read, "2026-11-27T12:00Z") == ["ana"]
    (tmp_path / "c.ics").write_bytes(content)
    assert on_call(read, "2026-11-27T12:00Z") == ["ana"]
    with pytest.raises(CalendarRefused, match=r"c\.ics"):
        read.read(NOW, NOW + timedelta(weeks=13))


@pytest.mark.parametrize("rule", ["FREQ=DAILY", "FREQ=HOURLY", "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"])
def test_what_recurs_for_ever_is_read(tmp_path: Path, rule: str) -> None:
    """As far as it is looked for."""
    read = file(tmp_path / "c.ics", calendar(event(1, "ana", f"RRULE:{rule}", ends="20261127T083000Z")))
    assert on_call(read, "2026-11-27T08:15Z") == ["ana"]
    assert on_call(read, "2026-12-24T08:15Z") == (["ana"] if "BYMONTH" not in rule else [])


def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process is ended."""
    monkeypatch.setattr(calendar_file, "WITHIN", 1.0)
    never = event(1, "ana", "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30")
    read = file(tmp_path / "c.ics", calendar(never))
    with pytest.raises(CalendarRefused, match="more than 1 seconds"):
        read.read(NOW, NOW + timedelta(weeks=13))


def test_reading_holds_up_nobody(tmp_path: Path) -> None:
    """What was read last counts at once, while a slow file is read in a thread."""
    path = tmp_path / "c.ics"
    path.write_text(calendar(event(1)))
    read = CalendarFile(path, PEOPLE, ZoneInfo("UTC"))
    assert on_call(read, "2026-11-27T12:00Z") == ["ana"], "the first one waits"
    path.write_text(calendar(event(1, "ben"), event(2, "ben", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")))
    began = time.monotonic()
    assert on_call(read, "2026-11-27T12:00Z") == ["ana"]
    assert time.monotonic() - began < 1
    until = time.monotonic() + 60
    while on_call(read, "2026-11-27T12:00Z")[0] == "ana":
        assert time.monotonic() < until
        time.sleep(0.1)
    assert on_call(read, "2026-11-27T12:00Z") == ["Ben", "Ben"]


def test_trouble_and_its_end_are_said(tmp_path: Path) -> None:
    """One attempt for each change of the file, and another after five minutes."""
    said: list[str] = []
    path = tmp_path / "c.ics"
    read = CalendarFile(path, PEOPLE, ZoneInfo("UTC"), said.append, lambda: said.append("works"), lambda work: work())

    def ask(minutes: int) -> int:
        at = NOW + timedelta(minutes=minutes)
        read.shifts(at, at)
        return len(said)

    assert [ask(minutes) for minutes in (0, 1, 4, 6)] == [1, 1, 1, 2]
    assert said[-1] == f"{path} is not a file"
    path.write_text(calendar(event(1)))
    assert [ask(minutes) for minutes in (7, 8, 20)] == [3, 3, 3]
    assert said[-1] == "works"


def test_reporting_a_failure_holds_up_nobody(tmp_path: Path) -> None:
    """Who asks may hold what reporting waits for."""
    free = threading.Event()
    said: list[str] = []

    def failed(reason: str) -> None:
        free.wait(60)
        said.append(reason)

    read = CalendarFile(tmp_path / "c.ics", PEOPLE, ZoneInfo("UTC"), failed)
    began = time.monotonic()
    assert read.shifts(NOW, NOW) == []
    assert time.monotonic() - began < calendar_file.FIRST_WITHIN
    assert said == []
    free.set()


def test_what_is_read_moves_on_with_time(tmp_path: Path) -> None:
    """Half a year later a weekly event is still there, though nobody wrote the file."""
    read = file(tmp_path / "c.ics", calendar(event(1, "ana", "RRULE:FREQ=WEEKLY")))
    assert [on_call(read, at) for at in ("2026-11-27T12:00Z", "2027-01-01T12:00Z", "2027-06-04T12:00Z")] == [
        ["ana"]
    ] * 3
