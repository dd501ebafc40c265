"""Pieces that all parts of the schema are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
TEXTS: Schema = {"type": "array", "items": {"type": "string"}}
TEXT_OR_TEXTS: Schema = {"anyOf": [TEXT, {"type": "array", "minItems": 1, "items": TEXT}]}
TRUTH: Schema = {"type": "boolean"}


def described(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description}


def one_of(words: Sequence[str], description: str = "") -> Schema:
    schema: Schema = {"type": "string", "enum": list(words)}
    return described(schema, description) if description else schema


def span(units: str, digits: int) -> Schema:
    """As `agent.duration.whole_seconds` reads it."""
    return {"type": "string", "pattern": f"^[1-9][0-9]{{0,{digits - 1}}}[{units}]$", "examples": ["10m", "24h", "7d"]}


def optional_list(description: str) -> Schema:
    """Fields to group by: a name or a list of names."""
    return {"anyOf": [TEXT, {"type": "array", "items": TEXT}], "description": description}


ALIASES: Schema = {
    "type": "object",
    "description": "What a field is called in each rule: NAME: {rule: FIELD, other_rule: FIELD}.",
    "additionalProperties": {"type": "object", "additionalProperties": {"type": "string"}},
}
