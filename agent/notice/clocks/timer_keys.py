"""Keys of timers: when an incident is to be looked at next, in an order that is that of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agent.notice.clock import TIMER

EPOCH, MILLISECOND = datetime.fromtimestamp(0, UTC), timedelta(milliseconds=1)

DIGITS = 14
"""Of the milliseconds in a timer's key: so they are in order for as long as there are calendars."""


def timer_key(time: int, number: str) -> str:
    return f"{TIMER}{max(time, 0):0{DIGITS}}/{number}"


def first_millisecond(at: datetime) -> int:
    """The first whole millisecond at which it is due."""
    return -((EPOCH - at) // MILLISECOND)


def timer_of(key: str) -> tuple[str, int]:
    """The incident, and when it is to be looked at. Raises ValueError for another key."""
    time, _, number = key.removeprefix(TIMER).partition("/")
    return number, int(time)
