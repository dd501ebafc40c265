"""YAML as an editor hands it to a schema, and the schemas that `leakline schema` prints."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import jsonschema
import yaml

from agent.cli.output.schemas import schema


def json_values(value: Any) -> Any:
    """The values of a YAML document: YAML 1.2, which editors read, has no dates, and keys of JSON are texts."""
    if isinstance(value, dict):
        return {str(key): json_values(part) for key, part in value.items()}
    if isinstance(value, list):
        return [json_values(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value


def documents(text: str) -> list[Any]:
    """Every document of a YAML text that is not empty."""
    found = yaml.load_all(text, yaml.CSafeLoader)
    return [json_values(document) for document in found if document is not None]


@cache
def validators(kind: str) -> tuple[jsonschema.Draft7Validator, jsonschema.Draft202012Validator]:
    """Of the schema `kind`, as the draft that it names and as the newest one has it."""
    wanted = schema(kind)
    return jsonschema.Draft7Validator(wanted), jsonschema.Draft202012Validator(wanted)


def accepts(kind: str, document: Any) -> bool:
    """Whether the schema `kind` finds nothing wrong with the values of a document; both drafts have to agree."""
    old, new = (validator.is_valid(document) for validator in validators(kind))
    assert old == new
    return old


def complaints(kind: str, document: Any) -> list[str]:
    """What the schema finds wrong, with its place."""
    return [f"{error.json_path}: {error.message}" for error in validators(kind)[0].iter_errors(document)]
