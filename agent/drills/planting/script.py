"""What happens in a drill: a scene, played on a day of its own and then moved so that it ends now.

All of it is moved by the same whole seconds, so that every distance stays as it was played; only the hour of the day differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from agent.drills.planting.cast import SEED
from agent.drills.planting.scenes import SCENES
from agent.simulator.event_stream.event_kind import event_kinds
from agent.simulator.records.record_kind import record_kinds
from agent.simulator.world.planted_event import PlantedEvent
from agent.simulator.world.sessions import DAY, Timetable, UserSession
from agent.simulator.world.staff import Staff
from agent.simulator.world.stage import RecordVersion, SetupChange, Stage

_PLAYED = int(datetime(2026, 3, 4, tzinfo=UTC).timestamp() * 1000)
"""The day on which it is played; any would do."""
_BEFORE_NOW = 3_000
"""Milliseconds from the last thing that happens to now, at least: nothing lies in the future of a clock that is a little slow."""


@dataclass(frozen=True)
class Script:
    """What happens, in milliseconds since 1970."""

    staff: Staff
    events: tuple[PlantedEvent, ...]
    changes: tuple[SetupChange, ...]
    versions: tuple[RecordVersion, ...]

    @property
    def window(self) -> tuple[int, int]:
        """Its first millisecond and the one after its last."""
        times = [event.time for event in self.events] + [change.time for change in self.changes]
        times += [version.time for version in self.versions]
        return min(times), max(times) + 1


def script(name: str, staff: Staff, keys: int, now: datetime) -> Script:
    """The scene of that name, ending a few seconds before `now`.

    `keys`: of which sessions' keys are made. Raises KeyError for a scene that there is not.
    """
    stage = Stage(name, SEED, staff, Timetable(keys, staff), (_PLAYED, _PLAYED + DAY))
    SCENES[name](stage)
    played = Script(staff, tuple(stage.events), tuple(stage.changes), tuple(stage.versions))
    later = (int(now.timestamp() * 1000) - _BEFORE_NOW - played.window[1]) // 1000 * 1000
    sessions: dict[int, UserSession] = {}
    return Script(
        staff,
        tuple(_moved_event(event, later, sessions) for event in played.events),
        tuple(replace(change, time=change.time + later) for change in played.changes),
        tuple(_moved_version(version, later) for version in played.versions),
    )


def _moved_event(event: PlantedEvent, later: int, sessions: dict[int, UserSession]) -> PlantedEvent:
    session = sessions.get(id(event.session))
    if session is None:
        session = replace(event.session, start=event.session.start + later, end=event.session.end + later)
        sessions[id(event.session)] = session
    kind = event_kinds().get(event.event_type)
    cells = event.cells if kind is None else _moved_values(event.cells, kind.fields, "time", later)
    return replace(event, time=event.time + later, session=session, cells=cells)


def _moved_version(version: RecordVersion, later: int) -> RecordVersion:
    fields = record_kinds()[version.entity].fields
    values = version.values and _moved_values(version.values, fields, "datetime", later)
    return replace(version, time=version.time + later, values=values)


def _moved_values(values: Mapping[str, Any], fields: Mapping[str, str], form: str, later: int) -> Mapping[str, Any]:
    """With every time among them moved. `fields`: name to form; those of the form `form` are times, in milliseconds."""
    return {
        name: value + later if fields.get(name) == form and isinstance(value, int) else value
        for name, value in values.items()
    }
