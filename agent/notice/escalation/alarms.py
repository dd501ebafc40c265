"""Which deadlines come near: parts of the time from a clock's beginning to its strict date that have passed, each told once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.notice.arrangements.policies import AlarmSettings
from agent.notice.clock import Clock
from agent.notice.escalation.escalation import AlarmMark


@dataclass(frozen=True, slots=True)
class Alarm:
    """A clock of which something is to be told."""

    clock: Clock
    due: datetime
    """Its strict date."""
    passed: int
    """Parts of its time, from 1 on: so many tiers up it is told."""
    at: datetime
    """When the newest of them had passed."""


def alarm_times(clock: Clock, detected_at: datetime, settings: AlarmSettings) -> list[datetime]:
    """The instants at which parts of its time have passed; none for one without a date, and for one that has ended.

    A date that counts from the detection began then, even where the anchor of the law was declared meanwhile.
    """
    due = clock.next_due
    if due is None or clock.has_ended:
        return []
    by_law = clock.due is not None and due == clock.due and clock.anchored_at is not None
    began = clock.anchored_at if by_law and clock.anchored_at is not None else detected_at
    span = due - began
    return [began + span * part for part in (settings.short if span <= settings.short_up_to else settings.at)]


def alarms(
    clocks: Sequence[Clock],
    detected_at: datetime,
    marks: Mapping[str, AlarmMark],
    settings: AlarmSettings,
    now: datetime,
) -> tuple[list[Alarm], dict[str, AlarmMark]]:
    """What is to be told now, and what was told after that.

    A date that moved to later arms the parts of its time again that have not passed yet.
    """
    found: list[Alarm] = []
    kept = dict(marks)
    for clock in clocks:
        times = alarm_times(clock, detected_at, settings)
        due = clock.next_due
        if not times or due is None:
            continue
        passed = sum(time <= now for time in times)
        mark = marks.get(clock.id)
        told = mark.told if mark is not None else 0
        if passed > told:
            found.append(Alarm(clock, due, passed, times[passed - 1]))
        later = mark is not None and due > mark.due
        kept[clock.id] = AlarmMark(due, passed if passed > told or later else told)
    return found, kept


def next_alarms(
    clocks: Sequence[Clock], detected_at: datetime, settings: AlarmSettings, now: datetime
) -> Iterator[datetime]:
    """When the next part of each clock's time has passed."""
    for clock in clocks:
        yield from [time for time in alarm_times(clock, detected_at, settings) if time > now][:1]
