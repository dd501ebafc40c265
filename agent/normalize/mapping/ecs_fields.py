"""The table of ECS fields (`mappings/ecs/fields.json`): which exist, their types, and the values ECS allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import orjson

from agent.shipped import shipped


@dataclass(frozen=True, slots=True)
class EcsField:
    """One field. `values`: allowed values, each with the event types ECS expects beside it; empty: any value."""

    type: str
    array: bool
    values: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class EcsTable:
    """Every field of one ECS version, by its dotted name."""

    version: str
    fields: Mapping[str, EcsField]


@cache
def ecs_table() -> EcsTable:
    """The shipped table, read once."""
    content = orjson.loads((shipped("mappings") / "ecs" / "fields.json").read_bytes())
    fields = {
        name: EcsField(entry["type"], entry.get("array", False), entry.get("values", {}))
        for name, entry in content["fields"].items()
    }
    return EcsTable(content["version"], fields)
