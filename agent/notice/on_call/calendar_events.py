"""The events of a calendar file, in a process of their own: `python -m agent.notice.on_call.calendar_events FILE FIRST UNTIL ZONE`.

A file may say that something recurs in a way which takes hours to find out; a process can be ended, a thread cannot. FIRST and
UNTIL are ISO 8601; ZONE is where times without one are meant, and whole days. On standard output: JSON, `events`, an array of
[SUMMARY, beginning, end] with times in ISO 8601 and UTC, or `refused`, why.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

MOST_BYTES, MOST_EVENTS, MOST_OCCURRENCES = 5_000_000, 20_000, 20_000

LONGEST_NAME = 200
"""Characters of a SUMMARY; nobody has a longer name."""

TIMES = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")
"""Of an event: without one of them it would be another one."""

Event = tuple[str, datetime, datetime]


class CalendarRefused(ValueError):
    """Why a calendar file cannot be used, in words for people."""


def read(path: Path, first: datetime, until: datetime, zone: ZoneInfo) -> list[Event]:
    """What overlaps the span, by its beginning. Raises CalendarRefused."""
    import icalendar
    import recurring_ical_events  # type: ignore[import-untyped]  # it has no types

    try:
        calendars = icalendar.Calendar.from_ical(_content(path), multiple=True)
        for calendar in calendars:
            _check(calendar.walk("VEVENT"), path)
        found = itertools.chain(*(recurring_ical_events.of(calendar).between(first, until) for calendar in calendars))
        events = [event for occurrence in found for event in _event(occurrence, zone)]
    except CalendarRefused:
        raise
    except OSError as error:
        raise CalendarRefused(f"{path} cannot be read ({error.strerror or error})") from error
    except Exception as error:  # whatever the libraries raise: IndexError, KeyError and AttributeError have been seen
        raise CalendarRefused(f"{path} has something that cannot be understood ({str(error)[:200]})") from error
    if len(events) > MOST_OCCURRENCES:
        raise CalendarRefused(
            f"{path} has {len(events):,} events in a few months; at most {MOST_OCCURRENCES:,} are read"
        )
    return sorted(event for event in events if event[1] < until and event[2] > first)


def _content(path: Path) -> bytes:
    if not path.is_file():  # a pipe would be waited for
        raise CalendarRefused(f"{path} is not a file")
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise CalendarRefused(f"{path} has more than {MOST_BYTES:,} bytes")
    lines = b"BEGIN:VCALENDAR", b"END:VCALENDAR", b"BEGIN:VEVENT"
    begun, complete, events = (data.upper().count(line) for line in lines)
    if not begun or begun != complete:
        # One that somebody is writing just now would be read without its last events.
        raise CalendarRefused(f"{path} is not a whole calendar (BEGIN:VCALENDAR or END:VCALENDAR is missing)")
    if events > MOST_EVENTS:  # before they are read, which takes 4 s for 100,000
        raise CalendarRefused(f"{path} has {events:,} events; at most {MOST_EVENTS:,} are read")
    return data


def _check(events: Sequence[Any], path: Path) -> None:
    """Raises CalendarRefused for what the libraries would leave out without a word, or would take too long for."""
    for event in events:
        for wrong, message in event.errors:
            if wrong in TIMES:
                raise CalendarRefused(f"{path} has an event with a damaged {wrong} ({message[:100]})")
        if "DTEND" in event and event["DTEND"].dt < event["DTSTART"].dt:
            raise CalendarRefused(f"{path} has an event that ends before it begins")
        _refuse_often(event, path)


def _refuse_often(event: Any, path: Path) -> None:
    """Nobody is on call by the minute: a rule that makes so many events would fill the memory before its time is up."""
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        frequency = str(rule.get("FREQ", [""])[0]).upper()
        often = any(len(rule.get(part, ())) > 1 for part in ("BYSECOND", "BYMINUTE"))
        if often or frequency in ("SECONDLY", "MINUTELY"):
            raise CalendarRefused(f"{path} has an event that recurs more often than each hour")


def _event(occurrence: Any, zone: ZoneInfo) -> Iterator[Event]:
    if str(occurrence.get("STATUS", "")).upper() == "CANCELLED":
        return
    begins, ends = _instant(occurrence.start, zone), _instant(occurrence.end, zone)
    name = str(occurrence.get("SUMMARY", "")).strip()
    if begins < ends and 0 < len(name) <= LONGEST_NAME:
        yield name, begins, ends


def _instant(value: date, zone: ZoneInfo) -> datetime:
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return (value if value.tzinfo is not None else value.replace(tzinfo=zone)).astimezone(UTC)


def main(arguments: Sequence[str]) -> None:
    path, first, until, zone = arguments
    try:
        # A day to both sides: the library compares times without a zone with its own idea of them.
        span = datetime.fromisoformat(first) - timedelta(days=1), datetime.fromisoformat(until) + timedelta(days=1)
        events = read(Path(path), *span, ZoneInfo(zone))
    except CalendarRefused as error:
        sys.stdout.write(json.dumps({"refused": str(error)}))
        return
    rows = [[name, begins.isoformat(), ends.isoformat()] for name, begins, ends in events]
    sys.stdout.write(json.dumps({"events": rows}))


if __name__ == "__main__":
    main(sys.argv[1:])
