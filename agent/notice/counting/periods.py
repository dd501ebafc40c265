"""The ends of periods. Each is an exclusive instant in UTC: the first one that is too late.

The names are those of the pack's modes. A period of days, months or years ends with its last day, which is reckoned where
the recipient is: the `zone`. Sources: Regulation (EEC, Euratom) 1182/71 for what begins with `eu`; for the rest the words of
the acts, which do not count the day of the event.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from agent.notice.counting.working_days import DAY, next_working_day, nth_working_day

HOUR = timedelta(hours=1)


def hours(anchor: datetime, number: float) -> datetime:
    """So many hours on a clock that nobody sets: summer time, weekends and holidays do not matter."""
    return anchor.astimezone(UTC) + number * HOUR


def eu_hours(anchor: datetime, number: float, zone: ZoneInfo) -> datetime:
    """As `hours`, from the next full hour on: the hour in which the event falls does not count (Art. 3(1))."""
    into = anchor.astimezone(zone)
    begun = timedelta(minutes=into.minute, seconds=into.second, microseconds=into.microsecond)
    return hours(anchor.astimezone(UTC) - begun + HOUR, number)


def eu_two_working_days(anchor: datetime, number: float, zone: ZoneInfo, days: str) -> datetime:
    """As `eu_hours`, and never with fewer than two working days in it (Art. 3(5)); whether that holds for hours is disputed.

    `days`: whose working days, see `working_days.is_working_day`.
    """
    end, first = eu_hours(anchor, number, zone), anchor.astimezone(zone).date()
    least = nth_working_day(first, 2, days)
    return end if end.astimezone(zone).date() >= least else end_of(least, zone)


def calendar_days(anchor: datetime, number: int, zone: ZoneInfo, roll: str | None = None) -> datetime:
    """The end of the `number`-th day after the event's; `roll`: whose working days the last one must be one of."""
    return end_of(_rolled(anchor.astimezone(zone).date() + number * DAY, roll), zone)


def business_days(anchor: datetime, number: int, zone: ZoneInfo, days: str) -> datetime:
    """The end of the `number`-th working day after the event's day."""
    return end_of(nth_working_day(anchor.astimezone(zone).date(), number, days), zone)


def months(anchor: datetime, number: int, zone: ZoneInfo, roll: str | None = None) -> datetime:
    """The end of the day of the same number so many months later, or of that month's last day (Art. 3(2)(c))."""
    day = anchor.astimezone(zone).date()
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return end_of(_rolled(date(year, month + 1, min(day.day, last)), roll), zone)


def days_after_year_end(anchor: datetime, number: int, zone: ZoneInfo) -> datetime:
    """The end of the `number`-th day after the end of the event's calendar year (45 CFR 164.408(c))."""
    return end_of(date(anchor.astimezone(zone).year, 12, 31) + number * DAY, zone)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of the day after, where clocks show `zone`."""
    following = day + DAY
    return datetime(following.year, following.month, following.day, tzinfo=zone).astimezone(UTC)


def _rolled(day: date, roll: str | None) -> date:
    return next_working_day(day, roll) if roll is not None else day
