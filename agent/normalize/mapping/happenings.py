"""Which rows of log files tell of the same kind of happening as a real-time event; `mappings/happenings.yaml` says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from agent.normalize.mapping.document import ConditionText
from agent.normalize.mapping.row_condition import EVERYWHERE, RowCondition
from agent.shipped import shipped
from agent.yaml_lines.text_file import YamlFile, read_yaml


class _TwinRows(BaseModel, extra="forbid", frozen=True):
    where: ConditionText = {}


class _Happening(BaseModel, extra="forbid", frozen=True):
    log_files: dict[str, _TwinRows]
    why: str
    apart: str


@dataclass(frozen=True, slots=True)
class LogFileTwin:
    """Rows of a type of log file that tell of the same kind of happening as a real-time event."""

    event: str
    """The event's one name: `ReportEvent`."""
    event_type: str
    """The type of the log file: `ReportExport`."""
    rows: RowCondition
    """Holds in the rows, of a prepared frame, that are of this kind."""
    why: str
    """What both tell of, in a sentence."""
    apart: str
    """What only one of the two has."""


@cache
def log_file_twins() -> tuple[LogFileTwin, ...]:
    """The shipped ones, in the order of the file. A type of log file may be a twin of several events."""
    return read_twins(shipped("mappings") / "happenings.yaml")


def read_twins(path: Path) -> tuple[LogFileTwin, ...]:
    """Raises MappingError, at its line, for what is not a table of happenings."""
    file = read_yaml(path)
    return tuple(
        LogFileTwin(event, event_type, _condition(rows.where), entry.why, entry.apart)
        for event, entry in ((event, _entry(file, event, content)) for event, content in file.content.items())
        for event_type, rows in entry.log_files.items()
    )


def twins_of_log_file(event_type: str) -> tuple[LogFileTwin, ...]:
    """The kinds of happening that rows of a type of log file can tell of; case does not matter."""
    return _by_log_file().get(event_type.lower(), ())


def twins_of_event(event: str) -> tuple[LogFileTwin, ...]:
    """The types of log files that have the kind of happening of a real-time event, by its one name."""
    return tuple(twin for twin in log_file_twins() if twin.event == event)


@cache
def _by_log_file() -> Mapping[str, tuple[LogFileTwin, ...]]:
    types = dict.fromkeys(twin.event_type.lower() for twin in log_file_twins())
    return {name: tuple(twin for twin in log_file_twins() if twin.event_type.lower() == name) for name in types}


def _entry(file: YamlFile, event: str, content: Any) -> _Happening:
    try:
        return _Happening.model_validate(content)
    except ValidationError as invalid:
        first = invalid.errors()[0]
        message = f"`{event}`: {'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
        raise file.error((event, *first["loc"]), message, hint="see the head of mappings/happenings.yaml") from invalid


def _condition(text: ConditionText) -> RowCondition:
    cases = tuple((name, (values,) if isinstance(values, str) else tuple(values)) for name, values in text.items())
    return RowCondition(cases) if cases else EVERYWHERE
