"""Which objects have records here, with which fields and rules (`objects.yaml`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

import yaml

from agent.simulator.log_files.log_file import rest_time
from agent.simulator.world.stage import RecordVersion

Record = dict[str, Any]
"""Field name to value, a related object's field under its path (`Profile.Name`). Date-times are REST texts."""

FieldType = Literal["id", "string", "picklist", "datetime", "double", "int", "boolean", "base64"]


@dataclass(frozen=True)
class RecordKind:
    """One object. `types`: field type to the names of that type, without Id."""

    name: str
    types: Mapping[FieldType, list[str]]
    time: str = ""
    kept_days: int = 0
    snapshot: bool = False
    lives_days: int = 0
    licensed: bool = False
    unfilterable: tuple[str, ...] = ()
    no_like: tuple[str, ...] = ()
    counts_only: bool = False
    needs: str = ""
    owner: str = ""
    related: Mapping[str, Mapping[str, FieldType]] = field(default_factory=dict)
    relations: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def fields(self) -> dict[str, FieldType]:
        """Field to type, fields of related objects under their path."""
        own: dict[str, FieldType] = {name: kind for kind, names in self.types.items() for name in sorted(names)}
        paths = {f"{name}.{inner}": kind for name, fields in self.related.items() for inner, kind in fields.items()}
        return {"Id": "id", **own, **paths}

    @cached_property
    def is_kept(self) -> bool:
        """Whether deleted records stay for queryAll."""
        return "IsDeleted" in self.fields and not self.time

    def record(self, version: RecordVersion) -> Record:
        """The row as REST answers it. Stamps that a version leaves out are its time."""
        values: dict[str, Any] = dict.fromkeys(("LastModifiedDate", "SystemModstamp"), version.time)
        values |= {"IsDeleted": False, **(version.values or {}), "Id": version.id}
        return {name: _shown(values.get(name), kind) for name, kind in self.fields.items()}


def _shown(value: Any, kind: FieldType) -> Any:
    return rest_time(value) if kind == "datetime" and value is not None else value


@cache
def record_kinds() -> Mapping[str, RecordKind]:
    """All, by name."""
    document = yaml.load(Path(__file__).with_name("objects.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    return {name: _kind(name, parts) for name, parts in document.items()}


def _kind(name: str, parts: dict[str, Any]) -> RecordKind:
    given = {key: value for key, value in parts.items() if key not in ("fields", "unfilterable", "no_like")}
    unfilterable, no_like = (tuple(parts.get(key, ())) for key in ("unfilterable", "no_like"))
    return RecordKind(name, parts["fields"], unfilterable=unfilterable, no_like=no_like, **given)
