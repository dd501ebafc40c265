"""Event log objects: rows of log files that can be queried a minute after they happened (`event_log_objects.yaml`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import polars as pl
import yaml

from agent.simulator.log_files.log_file import rest_time
from agent.simulator.log_files.traffic import ACTOR, Traffic
from agent.simulator.records.record_kind import FieldType, Record
from agent.simulator.world.columns import layouts
from agent.simulator.world.random_columns import key_of
from agent.simulator.world.record_id import long_id, short_id

_FORMS: Mapping[str, FieldType] = {"Number": "int", "Boolean": "boolean", "DateTime": "datetime"}
_TEXTS = frozenset({"UserAgent", "ApiVersion"})
"""Texts whose columns are numbers in log files."""


@dataclass(frozen=True)
class EventLogObject:
    """One object. `columns`: field to the column of the log file that it is taken from."""

    name: str
    file: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    empty: tuple[str, ...] = ()

    @cached_property
    def fields(self) -> dict[str, FieldType]:
        """Field to type."""
        types = dict(zip(layouts()[self.file].names, layouts()[self.file].types, strict=True)) if self.file else {}
        own = {name: self._form(name, types.get(column, "String")) for name, column in self.columns.items()}
        untold: dict[str, FieldType] = dict.fromkeys(self.empty, "string")
        return {"Id": "id", **untold, **own, "Timestamp": "datetime"}

    @property
    def names_actor(self) -> bool:
        """Whether a field tells of a row's session what the file does not."""
        return any(column.startswith(ACTOR) for column in self.columns.values())

    def _form(self, name: str, kind: str) -> FieldType:
        return "string" if name in _TEXTS else _FORMS.get(kind, "string")


@cache
def event_log_objects() -> Mapping[str, EventLogObject]:
    """All, by name."""
    document = yaml.load(
        Path(__file__).with_name("event_log_objects.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader
    )
    return {
        name: EventLogObject(name, parts.get("file", ""), parts.get("fields", {}), tuple(parts.get("empty", ())))
        for name, parts in document.items()
    }


@dataclass(frozen=True, slots=True)
class EventLogRow:
    """One row. `time`: milliseconds since 1970; `hidden_id`: of the log-file row."""

    id: str
    time: int
    hidden_id: str
    scenario: str
    record: Record


class EventLogRows:
    """Makes rows for a window of time. `lag`: object and id to the milliseconds after which a row can be seen."""

    def __init__(
        self, traffic: Traffic, event_types: frozenset[str], begin: int, visible_until: Callable[[], int],
        lag: Callable[[str, str], int],
    ) -> None:  # fmt: skip
        self._traffic = traffic
        self._types = event_types
        self._begin = begin
        self._visible_until = visible_until
        self._lag = lag

    def between(self, kind: EventLogObject, low: int, high: int) -> Iterator[EventLogRow]:
        """Those with `low <= time <= high` that can be seen, in order of time."""
        until = self._visible_until()
        low, high = max(low, self._begin), min(high, until)
        if low > high or kind.file not in self._types:
            return
        frame = self._traffic.rows(kind.file, (low, high + 1), actors=kind.names_actor)
        cells = [_read(frame[column], kind.fields[name]).alias(name) for name, column in kind.columns.items()]
        records = pl.DataFrame(cells).to_dicts()
        hidden = frame.select("_id", "_time", "_scenario").iter_rows()
        for (row, time, scenario), values in zip(hidden, records, strict=True):
            ident = long_id(short_id("EventLogObject", key_of(kind.name, row) % 62**8))
            if time + self._lag(kind.name, ident) <= until:
                record = {**dict.fromkeys(kind.empty), **values, "Id": ident, "Timestamp": rest_time(time)}
                yield EventLogRow(ident, time, row, scenario or "", record)


def _read(cells: pl.Series, kind: FieldType) -> pl.Series:
    """The cells (`String`) of a column as their type: null where they are empty or of no such kind."""
    match kind:
        case "int":
            return cells.cast(pl.Float64, strict=False).cast(pl.Int64, strict=False)
        case "boolean":
            return cells.replace_strict({"1": True, "0": False, "true": True, "false": False}, default=None)
        case "datetime":
            # As REST writes it: log files have `Z` where REST has `+0000`.
            moment = cells.str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", strict=False)
            return moment.dt.strftime("%Y-%m-%dT%H:%M:%S%.3f+0000")
        case _:
            return cells.replace("", None)
