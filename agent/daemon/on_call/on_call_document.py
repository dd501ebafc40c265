"""Who is on call, as JSON has it: what `leakline oncall show` shows. Times are ISO 8601, each in the zone of its rotation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from agent.notice.maintenance import window
from agent.notice.maintenance.window import MaintenanceWindow
from agent.notice.on_call import plan
from agent.notice.on_call.calendar_events import CalendarRefused
from agent.notice.on_call.coverage import gaps, total
from agent.notice.on_call.on_call_roster import OnCallRoster
from agent.notice.on_call.overrides import OnCallOverride
from agent.notice.on_call.rotation import OnCallRotation
from agent.notice.on_call.shift import Shift, Span


def document(
    roster: OnCallRoster, recall: Callable[[str], bytes | None], first: datetime, until: datetime, now: datetime
) -> dict[str, Any]:
    """`first`: for which time, `until`: up to which time shifts are listed."""
    events, calendar = _calendar(roster, first, until)
    overrides = roster.overrides()
    shifts = plan.shifts(roster.rotations, overrides, events, roster.everybody, first, until)
    zones = {rotation.name: rotation.zone for rotation in roster.rotations}
    holes = gaps(shifts, first, until)
    maintenance = window.stored(recall)
    return {
        "at": _time(first, _zone(roster)),
        "until": _time(until, _zone(roster)),
        "zone": _zone(roster).key,
        "on_call": [_shift(shift, zones, _zone(roster)) for shift in shifts if shift.holds(first)],
        "rotations": [_rotation(rotation, shifts, first) for rotation in roster.rotations],
        "shifts": [_shift(shift, zones, _zone(roster)) for shift in shifts],
        "gaps": [_span(span, _zone(roster)) for span in holes],
        "gap_seconds": total(holes).total_seconds(),
        "overrides": [override_values(override, _zone(roster)) for override in overrides if override.until > now],
        "maintenance": maintenance_values(maintenance, now) if maintenance else None,
        "calendar": calendar,
    }


def override_values(override: OnCallOverride, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": override.id,
        "person": override.person,
        "rotation": override.rotation,
        "begins": _time(override.begins, zone),
        "until": _time(override.until, zone),
        "reason": override.reason,
        "by": override.by,
        "ended_by": override.ended_by,
    }


def maintenance_values(maintenance: MaintenanceWindow, now: datetime) -> dict[str, Any] | None:
    """None for one that is not open."""
    if not maintenance.is_open(now):
        return None
    return {
        "begins": maintenance.begins.isoformat(),
        "until": maintenance.ends.isoformat(),
        "reason": maintenance.reason,
        "by": maintenance.by,
    }


def _calendar(roster: OnCallRoster, first: datetime, until: datetime) -> tuple[Sequence[Shift], dict[str, Any] | None]:
    """The events of the file as it is now; where it cannot be read, those that were read last, and why."""
    if roster.calendar is None:
        return [], None
    try:
        read = roster.calendar.read(first, until)
    except CalendarRefused as error:
        return roster.calendar.shifts(first, until), {"failed": str(error), "unknown": []}
    return read.shifts, {"failed": "", "unknown": read.unknown}


def _rotation(rotation: OnCallRotation, shifts: Sequence[Shift], at: datetime) -> dict[str, Any]:
    handover = rotation.next_handover(at)
    return {
        "name": rotation.name,
        "zone": rotation.zone.key,
        "people": list(rotation.people),
        "on_call": [shift.person for shift in shifts if shift.rotation == rotation.name and shift.holds(at)],
        "next_handover": _time(handover, rotation.zone),
    }


def _shift(shift: Shift, zones: Mapping[str, ZoneInfo], zone: ZoneInfo) -> dict[str, Any]:
    place = zones.get(shift.rotation, zone)
    return {
        "begins": _time(shift.begins, place),
        "ends": _time(shift.ends, place),
        "zone": place.key,
        "person": shift.person,
        "rotation": shift.rotation,
        "source": shift.source,
    }


def _span(span: Span, zone: ZoneInfo) -> list[str]:
    return [_time(span[0], zone), _time(span[1], zone)]


def _zone(roster: OnCallRoster) -> ZoneInfo:
    return roster.rotations[0].zone if roster.rotations else ZoneInfo("UTC")


def _time(time: datetime, zone: ZoneInfo) -> str:
    return time.astimezone(UTC).astimezone(zone).isoformat()
