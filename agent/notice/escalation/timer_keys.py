"""Keys of timers: when an incident's escalation is to be looked at next, in an order that is that of time."""

from __future__ import annotations

from agent.notice.escalation.escalation import TIMER

DIGITS = 14
"""Of the milliseconds."""


def timer_key(time: int, number: str) -> str:
    return f"{TIMER}{max(time, 0):0{DIGITS}}/{number}"


def timer_of(key: str) -> tuple[str, int]:
    """The incident, and when it is to be looked at. Raises ValueError for another key."""
    time, _, number = key.removeprefix(TIMER).partition("/")
    return number, int(time)
