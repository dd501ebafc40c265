"""A scenario planted while the org runs: played somewhere in time, then moved so that it begins now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agent.simulator.event_stream.happenings import RealTimeRow
from agent.simulator.log_files.traffic import EVENT_TYPES, Numbered, hidden_id
from agent.simulator.scenarios import PLAYABLE
from agent.simulator.world.planted_event import PlantedEvent
from agent.simulator.world.sessions import DAY, Timetable, day_of, midnight
from agent.simulator.world.staff import Staff
from agent.simulator.world.stage import RecordVersion, SetupChange, Stage

_DAYS = 8
"""Days on stage: the longest scenario that is no campaign takes seven."""


@dataclass(frozen=True, slots=True)
class Plant:
    """What a scenario leaves from now on."""

    scenario: str
    events: Sequence[PlantedEvent]
    changes: Sequence[SetupChange]
    rows: Sequence[RealTimeRow] = ()
    """Its real-time events."""
    hidden_ids: Sequence[str] = ()
    """Of its rows in log files."""
    records: Sequence[RecordVersion] = ()
    """Its rows of the setup audit trail, and what it does to other records."""

    @property
    def window(self) -> tuple[int, int]:
        """From the first of what it leaves to the first millisecond after the last."""
        times = [event.time for event in self.events] + [version.time for version in self.records]
        return min(times), max(times) + 1


def hidden_ids(numbered: Numbered) -> list[str]:
    """Of the rows that log files will have of these events."""
    return [
        hidden_id(event_type, number, event)
        for event_type, events in numbered.items()
        if event_type in EVENT_TYPES
        for number, event in events
    ]


def planted(
    name: str, number: int, now: int, seed: int, staff: Staff, timetable: Timetable, within: float | None = None
) -> Plant:
    """A scenario whose first event is at `now` (ms) and whose others follow at their distances.

    `number` counts plants, so that those of one scenario differ in keys, addresses and sizes; `within`: the seconds into
    which all of it is squeezed, None as it is. Raises ValueError for a scenario that there is not.
    """
    if name not in PLAYABLE:
        raise ValueError(f"there is no scenario {name!r}; there are {', '.join(PLAYABLE)}")
    if within is not None and not 0 <= within < 1e9:
        raise ValueError(f"within takes a number of seconds, not {within!r}")
    end = midnight(day_of(now)) + DAY
    span = max(_DAYS * DAY, int(PLAYABLE[name].span.total_seconds() * 1000) + 2 * DAY)
    stage = Stage(f"{name} {number}", seed, staff, timetable, (end - span, end))
    PLAYABLE[name].plant(stage)
    records = [change.time for change in stage.changes] + [version.time for version in stage.versions]
    events_at = [event.time for event in stage.events]
    first, length = min(events_at or records), max(events_at + records) - min(events_at or records)
    share = 1.0 if within is None or length <= within * 1000 else within * 1000 / length

    def moved(time: int) -> int:
        return now + int((time - first) * share)

    events = [
        replace(
            event, scenario=name, time=moved(event.time),
            session=replace(event.session, start=moved(event.session.start), end=moved(event.session.end)),
        )
        for event in stage.events
    ]  # fmt: skip

    def whole(time: int) -> int:
        """Records know whole seconds; nothing is written into a past that a reader has seen already."""
        return -(-max(now, moved(time)) // 1000) * 1000

    changes = [replace(change, time=whole(change.time), scenario=name) for change in stage.changes]
    versions = [_moved(version, name, stage.window[0], whole) for version in stage.versions]
    return Plant(name, events, changes, records=versions)


def _moved(version: RecordVersion, name: str, since: int, whole: Callable[[int], int]) -> RecordVersion:
    """The version at another time, with what its fields say of times since then (ms)."""
    values = version.values
    if values is not None:
        dated = {field: values[field] for field in values if field.endswith(("Date", "Time")) and values[field]}
        values = {**values, **{field: whole(time) for field, time in dated.items() if time >= since}}
    return replace(version, time=whole(version.time), values=values, scenario=name)
