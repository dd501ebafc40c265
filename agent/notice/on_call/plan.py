"""Who is on call from when until when, of all that says so: rotations, overrides, and a calendar's events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from agent.notice.on_call.overrides import OnCallOverride
from agent.notice.on_call.rotation import INSTANT, OnCallRotation
from agent.notice.on_call.shift import Shift, Span, merged, without


def shifts(
    rotations: Sequence[OnCallRotation],
    overrides: Sequence[OnCallOverride],
    calendar: Iterable[Shift],
    people: Iterable[str],
    first: datetime,
    until: datetime,
) -> list[Shift]:
    """All that overlap the span, by their beginnings.

    `overrides`: in the order in which they were made: of two in one rotation's place the later one counts. One of a person whom
    the settings do not have means nobody, and takes nobody's place; one of a rotation that they do not have is beside all.
    """
    known = set(people)
    valid = [override for override in overrides if override.person in known and override.until > override.begins]
    names = {rotation.name for rotation in rotations}
    found = [shift for shift in calendar if shift.person in known]
    found += [_shift(override, "") for override in valid if override.rotation not in names]
    for rotation in rotations:
        found += _of(rotation, [override for override in valid if override.rotation == rotation.name], first, until)
    return sorted(shift for shift in found if shift.begins < until and shift.ends > first)


def at(
    rotations: Sequence[OnCallRotation],
    overrides: Sequence[OnCallOverride],
    calendar: Iterable[Shift],
    people: Iterable[str],
    time: datetime,
) -> list[Shift]:
    """Those of one instant."""
    return shifts(rotations, overrides, calendar, people, time, time + INSTANT)


def _of(
    rotation: OnCallRotation, overrides: Sequence[OnCallOverride], first: datetime, until: datetime
) -> Iterator[Shift]:
    taken: list[Span] = []
    for override in reversed(overrides):
        for begins, ends in without((override.begins, override.until), taken):
            yield Shift(begins, ends, override.person, rotation.name, "override")
        taken = merged([*taken, (override.begins, override.until)])
    for shift in rotation.shifts(first, until):
        for begins, ends in without((shift.begins, shift.ends), taken):
            yield Shift(begins, ends, shift.person, rotation.name)


def _shift(override: OnCallOverride, rotation: str) -> Shift:
    return Shift(override.begins, override.until, override.person, rotation, "override")
