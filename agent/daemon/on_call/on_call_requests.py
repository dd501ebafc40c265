"""What the control socket may ask about who is on call, and about maintenance; a command that finds no daemon makes the same
requests of the state.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from agent.daemon.control.command import ControlCommand
from agent.daemon.incidents.incident_edit import moment
from agent.daemon.on_call.on_call_document import document, maintenance_values, override_values
from agent.duration import parse_duration
from agent.errors import LeaklineError
from agent.notice.incidents.changes import free_text
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.maintenance import window
from agent.notice.maintenance.window import MaintenanceRefused
from agent.notice.on_call import overrides
from agent.notice.on_call.on_call_roster import OnCallRoster
from agent.notice.on_call.overrides import MOST, OnCallOverride, OverrideRefused
from agent.notice.settings import NoticeSettings

Made = TypeVar("Made")

PREFIX = "oncall_"

MOST_WEEKS = 52
"""That are shown at a time."""


class OnCallRequests:
    """Each may be called from any thread."""

    def __init__(self, desk: Callable[[], IncidentDesk], roster: OnCallRoster, now: Callable[[], datetime]) -> None:
        """`desk`: of the process's shard."""
        self._desk = desk
        self._roster = roster
        self._now = now

    def commands(self) -> list[ControlCommand]:
        return [
            ControlCommand("oncall_show", "auditor", self.show, changes=False),
            ControlCommand("oncall_override", "responder", self.override, changes=True),
            ControlCommand("oncall_end_override", "responder", self.end_override, changes=True),
            ControlCommand("oncall_maintenance", "responder", self.maintenance, changes=True),
            ControlCommand("oncall_end_maintenance", "responder", self.end_maintenance, changes=True),
        ]

    def show(self, at: str = "", weeks: int = 4, zone: str = "") -> dict[str, Any]:
        """Who is on call at a time, and who will be in the weeks after it; hours with nobody; overrides; maintenance."""
        if not isinstance(weeks, int) or not 1 <= weeks <= MOST_WEEKS:
            raise LeaklineError(f"weeks are a number from 1 to {MOST_WEEKS}")
        now = self._now()
        first = self._moment("at", at, zone) if at else now
        return document(self._roster, self._desk().recall, first, first + timedelta(weeks=weeks), now)

    def override(
        self,
        person: str,
        reason: str,
        by: str,
        rotation: str = "",
        begins: str = "",
        until: str = "",
        span: str = "",
        zone: str = "",
    ) -> dict[str, Any]:
        """Somebody in the place of a rotation, or beside all of them, for a while."""
        who, why = (
            free_text.name(str(by), "the name of who does it"),
            free_text.text(str(reason), "a reason", option="--reason"),
        )
        self._check_names(person, rotation)
        if bool(until) == bool(span):
            raise LeaklineError("say how long", hint="write --for 2d, or --until TIME")
        with self._desk().changing() as change:
            now = change.now
            first = self._moment("from", begins, zone) if begins else now
            last = self._moment("until", until, zone) if until else first + _span(span)
            known = overrides.stored(self._desk().recall)
            if sum(override.until > now for override in known) >= MOST:
                raise LeaklineError(
                    f"{MOST} overrides have not ended", hint="end those that are not needed, with --end ID"
                )
            made = _allowed(lambda: overrides.made(person, rotation, first, last, reason=why, by=who, now=now))
            change.apply({made.key: overrides.encode(made)})
            message = f"{made.id}: {made.person} is on call {_place(made)} from {_minute(made.begins)} until {_minute(made.ends)}"
            change.announce(
                "on-call-overridden",
                f"{message}, by {who}",
                about=made.id,
                by=who,
                data=_data(made),
                personal={"person": made.person, "reason": why},
                fields=_fields(made),
            )
        return {"message": message, **override_values(made, ZoneInfo("UTC"))}

    def end_override(self, number: str, by: str) -> dict[str, Any]:
        """End an override before its time."""
        who = free_text.name(str(by), "the name of who does it")
        with self._desk().changing() as change:
            before = self._override(str(number))
            after = _allowed(lambda: overrides.ended(before, by=who, now=change.now))
            change.apply({after.key: overrides.encode(after)})
            message = f"{after.id}: {after.person} is not on call {_place(after)} any more"
            change.announce(
                "on-call-override-ended",
                f"{message}, by {who}",
                about=after.id,
                by=who,
                data=_data(after),
                personal={"person": after.person},
                fields=_fields(after),
            )
        return {"message": message, **override_values(after, ZoneInfo("UTC"))}

    def maintenance(self, span: str, reason: str, by: str) -> dict[str, Any]:
        """Begin a maintenance window. It holds back no critical incident and no alarm of a deadline."""
        who, why = (
            free_text.name(str(by), "the name of who does it"),
            free_text.text(str(reason), "a reason", option="--reason"),
        )
        length = _span(span)
        with self._desk().changing() as change:
            longest = (self._desk().settings or NoticeSettings()).longest_maintenance
            last = window.stored(self._desk().recall)
            begun = _allowed(lambda: window.opened(last, length, longest, reason=why, by=who, now=change.now))
            change.apply({window.WINDOW: window.encode(begun)})
            message = f"maintenance until {_minute(begun.ends)}; critical incidents and deadlines alarm as before"
            change.announce(
                "maintenance-begun",
                f"{message}, by {who}",
                about="maintenance",
                by=who,
                data={"begins": begun.begins.isoformat(), "until": begun.ends.isoformat()},
                personal={"reason": why},
                fields={"leakline.maintenance.until": begun.ends},
            )
        return {"message": message, **(maintenance_values(begun, begun.begins) or {})}

    def end_maintenance(self, by: str) -> dict[str, Any]:
        """End the maintenance window before its time."""
        who = free_text.name(str(by), "the name of who does it")
        with self._desk().changing() as change:
            last = window.stored(self._desk().recall)
            after = _allowed(lambda: window.ended(last, change.now))
            change.apply({window.WINDOW: window.encode(after)})
            message = "maintenance has ended before its time"
            change.announce(
                "maintenance-ended",
                f"{message}, by {who}",
                about="maintenance",
                by=who,
                data={"begins": after.begins.isoformat(), "until": change.now.isoformat()},
                fields={"leakline.maintenance.until": change.now},
            )
        return {"message": message}

    def _check_names(self, person: str, rotation: str) -> None:
        if person not in self._roster.everybody:
            known = ", ".join(self._roster.everybody) or "none"
            raise LeaklineError(f"{str(person)[:60]!r} is not one of `notice.people`", hint=f"they are: {known}")
        names = [known.name for known in self._roster.rotations]
        if rotation and rotation not in names:
            known = ", ".join(names) or "none"
            raise LeaklineError(
                f"{str(rotation)[:60]!r} is not one of `notice.on_call.rotations`", hint=f"they are: {known}"
            )

    def _override(self, number: str) -> OnCallOverride:
        """Of the newest with this id."""
        found = [override for override in overrides.stored(self._desk().recall) if override.id == number]
        if not found:
            hint = "`leakline oncall show` has those that have not ended"
            raise LeaklineError(f"there is no override {number[:60]}", hint=hint)
        return found[-1]

    def _moment(self, name: str, value: str, zone: str) -> datetime:
        """In the zone of the first rotation where nobody says another."""
        default = self._roster.rotations[0].zone.key if self._roster.rotations else ""
        return moment(name, value, zone or default, self._desk())


def _allowed(make: Callable[[], Made]) -> Made:
    """Raises LeaklineError for what is refused."""
    try:
        return make()
    except (OverrideRefused, MaintenanceRefused) as error:
        raise LeaklineError(str(error)) from error


def _span(text: str) -> timedelta:
    try:
        span: timedelta = parse_duration(str(text))
    except ValueError as error:
        raise LeaklineError(str(error)) from error
    return span


def _place(override: OnCallOverride) -> str:
    return f"in place of {override.rotation}" if override.rotation else "besides"


def _data(override: OnCallOverride) -> dict[str, Any]:
    found = {"begins": override.begins.isoformat(), "until": override.until.isoformat()}
    return found | ({"rotation": override.rotation} if override.rotation else {})


def _fields(override: OnCallOverride) -> dict[str, str | datetime]:
    found: dict[str, str | datetime] = {
        "leakline.on_call.override": override.id,
        "leakline.on_call.person": override.person,
        "leakline.on_call.begins": override.begins,
        "leakline.on_call.until": override.until,
    }
    return found | ({"leakline.on_call.rotation": override.rotation} if override.rotation else {})


def _minute(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
