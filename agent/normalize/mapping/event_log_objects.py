"""Which types of log files have the rows of an event log object; `mappings/event_log_objects.yaml` says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from agent.shipped import shipped
from agent.yaml_lines.text_file import read_yaml


@cache
def event_log_objects() -> Mapping[str, Sequence[str]]:
    """The documented ones, each with the types of log files that have its rows."""
    content = read_yaml(shipped("mappings") / "event_log_objects.yaml").content
    return {str(name): tuple(map(str, types)) for name, types in content.items()}


def log_files_of(name: str) -> Sequence[str]:
    """The types of log files with the rows of an object; none for one that is not known."""
    return event_log_objects().get(name, ())


def objects_of(event_type: str) -> Sequence[str]:
    """The event log objects with the rows of a type of log file, whether or not an org has them; case does not matter."""
    return _objects().get(event_type.lower(), ())


@cache
def _objects() -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for name, types in event_log_objects().items():
        for event_type in types:
            found.setdefault(event_type.lower(), []).append(name)
    return found
