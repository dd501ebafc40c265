"""Hours of a week, as people write them: `Mon-Fri 08:00-18:00`, `Sat,Sun 10:00-16:00`, `22:00-06:00`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from agent.notice.counting.wall_clock import beginning, end
from agent.notice.counting.working_days import DAY

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_DAY = rf"(?:{'|'.join(WEEKDAYS)})"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d"
_FORM = re.compile(
    rf"(?:(?P<days>{_DAY}(?:-{_DAY})?(?:,{_DAY}(?:-{_DAY})?)*) )?(?P<begins>{_CLOCK})-(?P<ends>{_CLOCK}|24:00)"
)


@dataclass(frozen=True, slots=True)
class WeekHours:
    """The same hours on some days of the week."""

    days: frozenset[int]
    """On which they begin: Monday is 0."""
    begins: time
    ends: time
    over_midnight: bool
    """Whether they end on the day after."""

    def on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """The hours that begin on `day`: the first instant and the one after the last, in UTC; None for a day without."""
        if day.weekday() not in self.days:
            return None
        last = day + DAY if self.over_midnight else day
        return beginning(day, self.begins, zone), end(last, self.ends, zone)


def week_hours(text: str) -> WeekHours:
    """Without days, every day; hours whose end is not after their beginning end on the next day. Raises ValueError."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text[:60]!r} are not hours; write such as `Mon-Fri 08:00-18:00` or `22:00-06:00`")
    if found["begins"] == found["ends"]:
        raise ValueError(f"{text[:60]!r} begin and end at the same time; write 00:00-24:00 for a whole day")
    begins = time.fromisoformat(found["begins"])
    ends = time() if found["ends"] == "24:00" else time.fromisoformat(found["ends"])
    days = frozenset(_days(found["days"])) if found["days"] else frozenset(range(len(WEEKDAYS)))
    return WeekHours(days, begins, ends, over_midnight=ends <= begins)


def _days(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, _, last = part.partition("-")
        number = WEEKDAYS.index(first)
        yield number
        while last and WEEKDAYS[number] != last:
            number = (number + 1) % len(WEEKDAYS)
            yield number
