"""The JSON schemas that `leakline schema` prints, all as draft 7.

Editors' YAML support (yaml-language-server) is at home in draft 7, and everything in these schemas means the same in
draft 2020-12. In draft 7 nothing counts beside a `$ref`, so what describes a reference is put around it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

DRAFT = "http://json-schema.org/draft-07/schema#"


def schema(kind: str) -> dict[str, Any]:
    """The schema of one of `SCHEMAS`."""
    title, build = SCHEMAS[kind]
    document: dict[str, Any] = _referring(build())
    return {"$schema": DRAFT, "title": title, **{key: value for key, value in document.items() if key != "title"}}


def _settings() -> dict[str, Any]:
    from agent.config.schema import settings_schema

    return settings_schema()


def _org() -> dict[str, Any]:
    from agent.config.schema import org_schema

    return org_schema()


def _mapping() -> dict[str, Any]:
    from agent.normalize.mapping.schema import mapping_schema

    return mapping_schema()


def _rule() -> dict[str, Any]:
    from agent.detection.authoring.rule_schema.document import rule_schema

    return rule_schema()


def _status() -> dict[str, Any]:
    from agent.status_document import status_schema

    return status_schema()


SCHEMAS: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "settings": ("The settings of Leakline", _settings),
    "org": ("An org of Leakline, in a file of its own", _org),
    "mapping": ("A mapping of Leakline", _mapping),
    "rule": ("A rule of Leakline", _rule),
    "status": ("The status of Leakline", _status),
}
"""Title and content of each, by the name of the command."""


def _referring(value: Any) -> Any:
    """With `allOf` around each `$ref` that something stands beside."""
    if isinstance(value, list):
        return [_referring(part) for part in value]
    if not isinstance(value, dict):
        return value
    parts = {key: _referring(part) for key, part in value.items()}
    if "$ref" in parts and len(parts) > 1 and isinstance(parts["$ref"], str):
        return {**{key: part for key, part in parts.items() if key != "$ref"}, "allOf": [{"$ref": parts["$ref"]}]}
    return parts
