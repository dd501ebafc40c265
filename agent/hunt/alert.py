"""What `hunt` says of a match: an ECS document, as a line of JSON."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.detection.sigma.rule import Rule

TIMES = ("@timestamp", "TIMESTAMP_DERIVED", "TIMESTAMP", "EventDate", "timestamp", "time", "UtcTime", "EventTime")
"""Fields in which raw events say when they were, the best first."""

SHOWN = ("user.id", "user.name", "source.ip", "organization.id", "event.provider")
"""Columns that an alert repeats of its event, where it has them."""

GROUP_FIELDS = (
    "event.start",
    "event.end",
    "leakline.alert.",
    "leakline.baseline.",
    "leakline.correlation.",
    "leakline.measure.",
)
"""What alerts of correlations say beside that, by the beginning of its names."""


def file_name(path: Path) -> str:
    """A file's name in an alert, even if it is no UTF-8."""
    return os.fsencode(path).decode(errors="replace")


def alert_of(rule: Rule, event: dict[str, Any], path: str, line: int) -> dict[str, Any]:
    """An ECS document. `event`: what it says of itself, by dotted names; its id and time are the alert's."""
    when = next((event[name] for name in TIMES if event.get(name) is not None), None)
    fields = {
        "@timestamp": when,
        "event.kind": "alert",
        "event.id": event.get("event.id"),
        "rule.id": rule.id,
        "rule.name": rule.title,
        "rule.level": rule.level,
        **{name: event.get(name) for name in SHOWN},
        **{name: value for name, value in event.items() if name.startswith(GROUP_FIELDS)},
        "leakline.input.file": path,
        "leakline.input.line": line,
    }
    return _nested({name: value for name, value in fields.items() if value is not None})


def _nested(fields: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name, value in fields.items():
        *path, last = name.split(".")
        node = document
        for key in path:
            node = node.setdefault(key, {})
        node[last] = _milliseconds(value)
    return document


def _milliseconds(value: object) -> object:
    return (
        value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03}Z"
        if isinstance(value, datetime)
        else value
    )
