"""Shifts as a calendar file (RFC 5545), for calendars that people look at."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from agent.notice.on_call.shift import Shift


def calendar(shifts: Iterable[Shift], now: datetime) -> bytes:
    """An event for each, of the person's name. A shift has the same UID in each file: a calendar that takes it again has it
    once. The files have no zones: all times are in UTC, as RFC 5545 has them with a Z.
    """
    import icalendar

    whole = icalendar.Calendar()
    whole.add("PRODID", "-//Leakline//on call//EN")
    whole.add("VERSION", "2.0")
    for shift in shifts:
        event = icalendar.Event()
        event.add("UID", f"{uid(shift)}@leakline")
        event.add("DTSTAMP", now)
        event.add("DTSTART", shift.begins)
        event.add("DTEND", shift.ends)
        event.add("SUMMARY", shift.person)
        event.add("CATEGORIES", [shift.rotation or shift.source])
        event.add("TRANSP", "TRANSPARENT")
        whole.add_component(event)
    return bytes(whole.to_ical())


def uid(shift: Shift) -> str:
    """32 hexadecimal digits."""
    text = f"{shift.source}\n{shift.rotation}\n{shift.person}\n{shift.begins.isoformat()}"
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
