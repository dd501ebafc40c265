"""Whether somebody is on call at any hour of the next weeks, and whether the calendar can be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.config.settings import Settings
from agent.daemon.on_call.on_call_parts import calendar_of
from agent.model import Finding
from agent.notice.arrangements.policies import ON_CALL
from agent.notice.on_call import plan
from agent.notice.on_call.calendar_events import CalendarRefused
from agent.notice.on_call.coverage import gaps, total
from agent.notice.on_call.rotation import OnCallRotation
from agent.notice.on_call.shift import Shift, Span
from agent.notice.settings import NoticeSettings

AHEAD = timedelta(weeks=4)

SHOWN = 3
"""Gaps that a finding names."""

SUBJECT = "notice.on_call"


def examine_on_call(settings: Settings, now: datetime) -> Iterator[Finding]:
    """By the settings and the calendar file; overrides are in the state, and `leakline oncall show` reckons with them."""
    notice = settings.notice
    if notice is None or not _asks_for_on_call(notice):
        return
    shifts, found = _calendar(notice, now)
    yield from found
    rotations = [OnCallRotation(rotation) for rotation in notice.on_call.rotations]
    people = [person.name for person in notice.people]
    whole = plan.shifts(rotations, [], shifts, people, now, now + AHEAD)
    holes = gaps(whole, now, now + AHEAD)
    zone = rotations[0].zone if rotations else ZoneInfo("UTC")
    yield (
        _gaps(holes, zone)
        if holes
        else Finding(SUBJECT, True, f"a person is on call at each hour of the next {AHEAD.days} days")
    )
    for rotation in rotations:
        if len(set(rotation.people)) == 1:
            message = (
                f"the rotation {rotation.name} has one person, {rotation.people[0]}: there is no other to take turns"
            )
            yield Finding(SUBJECT, True, message)


def _asks_for_on_call(notice: NoticeSettings) -> bool:
    """Whether a step means who is on call: who names people alone needs no rotation."""
    words = {word for policy in notice.policies_in_force for step in policy.steps for word in step.notify}
    return bool(notice.on_call.rotations or notice.on_call.calendar) or ON_CALL in words


def _calendar(notice: NoticeSettings, now: datetime) -> tuple[Sequence[Shift], list[Finding]]:
    calendar = calendar_of(notice)
    if calendar is None:
        return [], []
    subject = f"{SUBJECT}.calendar"
    try:
        read = calendar.read(now, now + AHEAD)
    except CalendarRefused as error:
        return [], [Finding(subject, False, str(error), "correct the file, or remove `notice.on_call.calendar`")]
    found = [Finding(subject, True, f"{len(read.shifts):,} events in the next {AHEAD.days} days name a person")]
    if read.unknown:
        names = ", ".join(read.unknown)
        fix = "write the name of one of `notice.people` as the summary of the event"
        found.append(Finding(subject, False, f"no person has the name of these events: {names}", fix, warning=True))
    return read.shifts, found


def _gaps(holes: Sequence[Span], zone: ZoneInfo) -> Finding:
    named = [_named(begins.astimezone(zone), ends.astimezone(zone)) for begins, ends in holes]
    further = f", and {len(holes) - SHOWN:,} more" if len(holes) > SHOWN else ""
    hours = total(holes) / timedelta(hours=1)
    message = f"no person is on call for {hours:,.1f} h of the next {AHEAD.days} days: {'; '.join(named[:SHOWN])}{further} ({zone.key})"
    fix = "add people, `hours` or a rotation; until then messages of those hours reach the next step at once"
    return Finding(SUBJECT, False, message, fix, warning=True)


def _named(begins: datetime, ends: datetime) -> str:
    """The day of its end only where the weekday would not say which."""
    day = "%a" if ends - begins < timedelta(days=6) else "%a %Y-%m-%d"
    return f"{begins:%a %Y-%m-%d %H:%M} to {ends:{day} %H:%M %z}"
