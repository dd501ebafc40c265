"""Archived ECS documents, read back."""

from __future__ import annotations

from typing import Any


def flat(document: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"a": {"b": 1}}` as `{"a.b": 1}`."""
    fields: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            fields |= flat(value, f"{prefix}{name}.")
        else:
            fields[prefix + name] = value
    return fields
