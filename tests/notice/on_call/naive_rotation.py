"""Whose turn it is, reckoned by going through time five minutes by five minutes: no arithmetic on local times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from agent.notice.arrangements.people import RotationSettings

STEP = timedelta(minutes=5)
"""Since 2000 the offsets of all zones are multiples of it, and the moments of their changes too."""

DAY = timedelta(days=1)
WEEK = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def crossings(day: date, at: time, zone: ZoneInfo) -> list[datetime]:
    """The instants at which clocks go from before a local time to it or past it."""
    target = datetime.combine(day, at)
    instant = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=16)
    last = instant + timedelta(hours=58)
    found, before = [], False
    while instant < last:
        reached = instant.astimezone(zone).replace(tzinfo=None) >= target
        if reached and not before:
            found.append(instant)
        before = reached
        instant += STEP
    return found


def handovers(settings: RotationSettings, turns: int) -> Iterator[datetime]:
    """Of the first person's first turn and those that follow it."""
    assert settings.begins is not None
    *weekday, clock, zone = settings.handover.split(" ")
    day = date.fromisoformat(settings.begins)
    while weekday and WEEK[day.weekday()] != weekday[0]:
        day += DAY
    first = crossings(day, time.fromisoformat(clock), ZoneInfo(zone))[0]
    for number in range(turns):
        if settings.every % DAY:
            yield first + number * settings.every
        else:
            yield crossings(day + number * settings.every, time.fromisoformat(clock), ZoneInfo(zone))[0]


def person(settings: RotationSettings, at: datetime, turns: int) -> str:
    """Whose turn it is by the clock alone, at a time after the first handover."""
    passed = sum(handover <= at for handover in handovers(settings, turns))
    return settings.people[(passed - 1) % len(settings.people)]


def is_within(hours: tuple[int, time, time], at: datetime, zone: ZoneInfo) -> bool:
    """Whether hours that begin on a weekday hold an instant."""
    weekday, begins, ends = hours
    day = at.astimezone(zone).date() - DAY
    for begin_day in (day, day + DAY, day + 2 * DAY):
        end_day = begin_day if ends > begins else begin_day + DAY
        if begin_day.weekday() != weekday:
            continue
        if crossings(begin_day, begins, zone)[0] <= at < crossings(end_day, ends, zone)[-1]:
            return True
    return False
