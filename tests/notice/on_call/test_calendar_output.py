"""Shifts that are exported and read again are the same."""

import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import icalendar

from agent.notice.arrangements.people import RotationSettings
from agent.notice.on_call import overrides, plan
from agent.notice.on_call.calendar_output import calendar
from agent.notice.on_call.rotation import OnCallRotation
from agent.notice.on_call.shift import Shift
from tests.notice.on_call.calendars import file, on_call

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
WEEKS = timedelta(weeks=12)


def shifts(first: datetime) -> list[Shift]:
    rotations = [
        RotationSettings(name="primary", people=["ana", "Ben"], every="7d", handover="Mon 09:00 Europe/Berlin"),  # type: ignore[arg-type]
        RotationSettings(
            name="night",
            people=["cem", "ana"],
            every="1d",  # type: ignore[arg-type]
            handover="22:00 America/New_York",
            hours=["22:00-06:00"],
            holidays="US",
        ),
    ]
    begins = NOW + timedelta(days=9)
    override = overrides.made("cem", "primary", begins, begins + timedelta(days=3), reason="x", by="eva", now=NOW)
    return plan.shifts(
        [OnCallRotation(known) for known in rotations], [override], [], ["ana", "Ben", "cem"], first, first + WEEKS
    )


def test_export_and_import_give_the_same_people(tmp_path: Path) -> None:
    """At any of a thousand times, over a day of change."""
    exported = shifts(NOW)
    read = file(tmp_path / "out.ics", calendar(exported, NOW))
    dice = random.Random(19)
    for at in sorted(NOW + dice.random() * WEEKS for _ in range(1000)):
        expected = sorted(shift.person for shift in exported if shift.holds(at))
        assert sorted(on_call(read, at.isoformat())) == expected


def test_a_shift_has_the_same_uid_in_each_file() -> None:
    """So a calendar that takes a newer file has each shift once; no two shifts share one."""

    def uids(first: datetime) -> list[str]:
        found = icalendar.Calendar.from_ical(calendar(shifts(first), first))
        return [str(event["UID"]) for event in found.walk("VEVENT")]

    early, late = uids(NOW), uids(NOW + timedelta(days=3, hours=5))
    assert len(set(early)) == len(early)
    common = [shift for shift in shifts(NOW) if shift in shifts(NOW + timedelta(days=3, hours=5))]
    assert len(set(early) & set(late)) == len(common) > 60


def test_the_file_is_what_rfc_5545_asks_for() -> None:
    """Lines end with CR LF and have 75 bytes at most; each event has what is required, with times in UTC."""
    text = calendar(shifts(NOW), NOW)
    assert text.startswith(b"BEGIN:VCALENDAR\r\n")
    lines = text.split(b"\r\n")
    assert all(len(line) <= 75 and b"\n" not in line for line in lines)
    for event in icalendar.Calendar.from_ical(text).walk("VEVENT"):
        assert {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY"} <= set(event)
        assert re.search(rb"\r\nDTSTART:\d{8}T\d{6}Z\r\n", event.to_ical())
