"""What a state directory looks like, without what is in it: two states of one version look alike."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from agent.store import batch_file, keys
from agent.store.directory import integrity
from agent.store.directory.database import FILE, FOLDER
from agent.store.transaction import Value

_NUMBER = re.compile(r"[0-9a-f]{8,}|\d+")
_FIELD = re.compile(r"[a-z_.]+")
_ARROW = b"ARROW1"

FREE = (keys.DETECTION, keys.FOLDING, keys.CORRELATION, keys.BASELINE)
"""Families of which as many keys of a kind are there as the data has it: their keys are not compared."""


def stored_values(directory: Path) -> dict[str, Value]:
    """All keys and values of a state directory that nobody has open, as they are in its database."""
    with closing(integrity.connect(directory / FOLDER / FILE)) as database:
        return integrity.values_of(database, lambda _: True)


def layout(directory: Path) -> Mapping[str, Any]:
    """By family what its keys and values look like, each look once; and under `files` what folders and files are called."""
    families: dict[str, set[str]] = {}
    for key, value in stored_values(directory).items():
        family = keys.family(key)
        assert family is not None, key
        shard = keys.shard_of(key)
        rest = family.rest(shard[1] if shard else key)
        look = {"parts": None if family in FREE else len(rest.split("/")), "value": _look(value)}
        families.setdefault(family.prefix, set()).add(json.dumps(look, sort_keys=True))
    files = {
        _NUMBER.sub("9", path.relative_to(directory).as_posix())
        for path in directory.rglob("*")
        if "lock" not in path.name
    }
    return {family: sorted(looks) for family, looks in families.items()} | {"files": sorted(files)}


def _look(value: Any) -> Any:
    match value:
        case bytes() if value.startswith(_ARROW):
            return {"arrow": {name: str(kind) for name, kind in batch_file.decode(value)[0].schema.items()}}
        case bytes():
            try:
                return {"json": _look(orjson.loads(value))}
            except orjson.JSONDecodeError:
                return "bytes"
        case str() if value[:1] in ("[", "{") and value[-1:] in ("]", "}"):
            return {"json in text": _look(orjson.loads(value))}
        case str():
            return "text with a colon" if re.fullmatch(r"\d+:\d+", value) else "text"
        case dict() if all(_FIELD.fullmatch(name) for name in value):
            return {name: _look(inner) for name, inner in value.items()}
        case dict():
            return {"by data": _distinct(value.values())}
        case list():
            looks = [_look(inner) for inner in value]
            return looks if len({json.dumps(look) for look in looks}) > 1 else looks[:1]
        case _:
            return type(value).__name__


def _distinct(values: Any) -> list[Any]:
    looks = {json.dumps(_look(value), sort_keys=True) for value in values}
    return [json.loads(look) for look in sorted(looks)]
