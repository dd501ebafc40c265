"""What the control socket may ask about who is on call, and about maintenance; a command that finds no daemon makes the same
requests of the state.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from agent.daemon.control.command import ControlCommand
from agent.daemon.incidents.incident_edit import moment
from agent.daemon.on_call.arguments import allowed, duration, minute
from agent.daemon.on_call.maintenance_requests import MaintenanceRequests
from agent.daemon.on_call.on_call_document import document, override_values
from agent.errors import LeaklineError
from agent.notice.incidents.changes import free_text
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.on_call import overrides
from agent.notice.on_call.on_call_roster import OnCallRoster
from agent.notice.on_call.overrides import MOST, OnCallOverride

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
        self._maintenance = MaintenanceRequests(desk)

    def commands(self) -> list[ControlCommand]:
        return [
            ControlCommand("oncall_show", self.show, changes=False),
            ControlCommand("oncall_override", self.override, changes=True),
            ControlCommand("oncall_end_override", self.end_override, changes=True),
            *self._maintenance.commands(),
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
            last = self._moment("until", until, zone) if until else first + duration(span)
            known = overrides.stored(self._desk().recall)
            if sum(override.until > now for override in known) >= MOST:
                raise LeaklineError(
                    f"{MOST} overrides have not ended", hint="end those that are not needed, with --end ID"
                )
            made = allowed(lambda: overrides.made(person, rotation, first, last, reason=why, by=who, now=now))
            change.apply({made.key: overrides.encode(made)})
            message = f"{made.id}: {made.person} is on call {_place(made)} from {minute(made.begins)} until {minute(made.ends)}"
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
            after = allowed(lambda: overrides.ended(before, by=who, now=change.now))
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
