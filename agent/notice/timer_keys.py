"""Keys of timers: when something is to be looked at next, in an order that is that of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH, MILLISECOND = datetime.fromtimestamp(0, UTC), timedelta(milliseconds=1)

DIGITS = 14
"""Of the milliseconds in a key: so they are in order for as long as there are calendars."""


def first_millisecond(at: datetime) -> int:
    """The first whole millisecond at which it is due."""
    return -((EPOCH - at) // MILLISECOND)


def instant(time: int) -> datetime:
    """Of so many milliseconds."""
    return EPOCH + time * MILLISECOND


def in_order(time: int) -> str:
    """Milliseconds as text whose order is that of time."""
    return f"{max(time, 0):0{DIGITS}}"


@dataclass(frozen=True, slots=True)
class TimerKeys:
    """`prefix`, then milliseconds, then whose timer it is."""

    prefix: str

    def key(self, time: int, number: str) -> str:
        return f"{self.prefix}{in_order(time)}/{number}"

    def read(self, key: str) -> tuple[str, int]:
        """Whose it is, and when that is to be looked at. Raises ValueError for another key."""
        time, _, number = key.removeprefix(self.prefix).partition("/")
        return number, int(time)

    def read_all(self, keys: Iterable[str]) -> tuple[dict[str, int], list[str]]:
        """When each is to be looked at, and the keys that cannot be read."""
        timers: dict[str, int] = {}
        damaged: list[str] = []
        for key in keys:
            try:
                number, at = self.read(key)
            except ValueError:
                damaged.append(key)
            else:
                timers[number] = at
        return timers, damaged
