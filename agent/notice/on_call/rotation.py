"""Whose turn it is in a rotation: a function of its settings and the time.

Turns change at the handover's time on the clocks of its zone, so one that lasts seven days has an hour less or more where clocks
change (`agent.notice.counting.wall_clock` says what is done with times that clocks leave out or show twice). A turn that is no
number of whole days lasts as long as it says, counted from the first handover. Before the first handover turns are counted back.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from agent.notice.arrangements.people import RotationSettings
from agent.notice.counting.wall_clock import beginning
from agent.notice.counting.week_hours import WEEKDAYS, week_hours
from agent.notice.counting.working_days import DAY, is_public_holiday
from agent.notice.on_call.shift import Shift, Span, merged, without

FIRST = date(2024, 1, 1)
"""A Monday: from then on turns are counted unless the settings say it."""

INSTANT = timedelta(microseconds=1)


class OnCallRotation:
    """Safe for threads."""

    def __init__(self, settings: RotationSettings) -> None:
        self.name = settings.name
        self.people = settings.people
        *weekday, clock, zone = settings.handover.split(" ")
        self.zone = ZoneInfo(zone)
        self._at = time.fromisoformat(clock)
        self._day = _first_day(settings.begins, weekday[0] if weekday else "")
        self._every = settings.every
        self._hours = [week_hours(text) for text in settings.hours]
        self._place = settings.holidays

    def turn(self, at: datetime) -> str | None:
        """Who is on call; None outside the rotation's hours and on its holidays."""
        return next((shift.person for shift in self.shifts(at, at + INSTANT)), None)

    def next_handover(self, at: datetime) -> datetime:
        """The first one after `at`."""
        return self._begins(self._number(at) + 1)

    def shifts(self, first: datetime, until: datetime) -> Iterator[Shift]:
        """All that overlap the span, in order and whole: the same ones have the same times whatever span is asked for."""
        number = self._number(first)
        while (begins := self._begins(number)) < until:
            ends = self._begins(number + 1)
            person = self.people[number % len(self.people)]
            for begin, end in self._open(begins, ends):
                if begin < until and end > first:
                    yield Shift(begin, end, person, self.name)
            number += 1

    def _begins(self, number: int) -> datetime:
        """When a turn begins; the first one of the first person is 0."""
        if self._every % DAY:
            return beginning(self._day, self._at, self.zone) + number * self._every
        return beginning(self._day + number * self._every, self._at, self.zone)

    def _number(self, at: datetime) -> int:
        """Of the last turn that has begun."""
        # One more than days say: where clocks go back over midnight, a day may begin before the one before it has ended.
        number = (at.astimezone(self.zone).date() - self._day) // self._every + 1
        if self._every % DAY:
            number = (at.astimezone(UTC) - self._begins(0)) // self._every + 1
        while self._begins(number) > at:
            number -= 1
        return number

    def _open(self, begins: datetime, ends: datetime) -> Iterator[Span]:
        """The parts of a turn in which the rotation has somebody."""
        if not self._hours and self._place is None:
            yield begins, ends
            return
        days = self._days(begins, ends)
        closed = merged(self._whole(day) for day in days if self._is_holiday(day))
        spans = [(begins, ends)]
        if self._hours:
            hours = [span for day in days for hours in self._hours if (span := hours.on(day, self.zone))]
            spans = merged((max(first, begins), min(last, ends)) for first, last in hours)
        for span in spans:
            yield from without(span, closed)

    def _days(self, begins: datetime, ends: datetime) -> list[date]:
        """Those of which hours may lie in the span: also the day before, for hours over midnight."""
        first = begins.astimezone(self.zone).date() - DAY
        last = ends.astimezone(self.zone).date()
        return [first + number * DAY for number in range((last - first) // DAY + 1)]

    def _whole(self, day: date) -> Span:
        return beginning(day, time(), self.zone), beginning(day + DAY, time(), self.zone)

    def _is_holiday(self, day: date) -> bool:
        return self._place is not None and is_public_holiday(day, self._place)


def _first_day(begins: str | None, weekday: str) -> date:
    """The day of the first handover."""
    day = date.fromisoformat(begins) if begins else FIRST
    while weekday and WEEKDAYS[day.weekday()] != weekday:
        day += DAY
    return day
