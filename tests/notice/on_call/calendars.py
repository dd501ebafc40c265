"""Calendar files as others write them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from agent.notice.on_call.calendar_file import CalendarFile

PEOPLE = ["ana", "Ben", "cem"]


def event(
    number: int, summary: str = "ana", *lines: str, begins: str = "20261127T080000Z", ends: str = "20261127T180000Z"
) -> str:
    content = [
        f"UID:{number}",
        "DTSTAMP:20260101T000000Z",
        f"SUMMARY:{summary}",
        *_time("DTSTART", begins),
        *_time("DTEND", ends),
        *lines,
    ]
    return "".join(f"{line}\r\n" for line in ["BEGIN:VEVENT", *content, "END:VEVENT"])


def calendar(*events: str) -> str:
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{''.join(events)}END:VCALENDAR\r\n"


def file(path: Path, text: str | bytes, zone: str = "Europe/Berlin") -> CalendarFile:
    """Read at once by whoever asks."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return CalendarFile(path, PEOPLE, ZoneInfo(zone), start=lambda work: work())


def on_call(calendar: CalendarFile, at: str) -> list[str]:
    time = datetime.fromisoformat(at)
    return [shift.person for shift in calendar.shifts(time, time) if shift.holds(time)]


def _time(name: str, value: str) -> list[str]:
    """`VALUE=DATE:20261127` and `TZID=…:…` are parameters."""
    return [f"{name};{value}" if "=" in value else f"{name}:{value}"] if value else []
