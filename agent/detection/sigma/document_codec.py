"""Documents of correlations and baselines as JSON and back: their values, and where they stand."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from agent.detection.sigma.document import Document
from agent.yaml_lines.outline import of_outline, outline

_DATE = "\0date"
"""The only key of a mapping that stands for a date, which YAML has and JSON has not."""


def stored(document: Document) -> list[Any]:
    """Raises TypeError for values that JSON cannot say."""
    return [_plain(document.data), outline(document.node)]


def restored(said: list[Any], path: Path) -> Document:
    """Raises TypeError or ValueError for what `stored` never said."""
    data, lines = said
    node, values = of_outline(lines), _dated(data)
    if not isinstance(node, yaml.MappingNode) or not isinstance(values, dict):
        raise TypeError(said)
    return Document(path, values, node)


def is_same(document: Document, other: Document) -> bool:
    """Whether both say the same, wherever their files are; to the type of each value."""
    return repr(document.data) == repr(other.data) and outline(document.node) == outline(other.node)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, date) and not isinstance(value, datetime):
        return {_DATE: value.isoformat()}
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise TypeError(f"JSON has no {type(value).__name__}")


def _dated(value: Any) -> Any:
    if isinstance(value, list):
        return [_dated(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {_DATE}:
        return date.fromisoformat(value[_DATE])
    return {key: _dated(inner) for key, inner in value.items()}
