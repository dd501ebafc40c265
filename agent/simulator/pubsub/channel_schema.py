"""The Avro schemas of events, and values to payloads and back."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import fastavro
import yaml

AVRO_TYPES = {"time": "long", "text": "string", "decimal": "double", "integer": "int", "boolean": "boolean"}
_DOCS = {"time": "DateTime", "text": "Text", "decimal": "Double", "integer": "Integer", "boolean": "Boolean"}
NEVER_NULL = "CreatedDate"
ADDED_FIELD = "RiskLevel"
"""What a changed schema has that the table has not."""
DROPPED_FIELD = "LoginKey"
"""What a changed schema has no longer; a channel without it loses its last field."""


@dataclass(frozen=True)
class ChannelSchema:
    """What events of a channel are written with. `fields`: name to one of `AVRO_TYPES`, in the order of the record."""

    channel: str
    fields: Mapping[str, str]

    @cached_property
    def text(self) -> str:
        """The schema as GetSchema gives it."""
        fields = [
            {"name": name, "type": AVRO_TYPES[kind], "doc": f"CreatedDate:{_DOCS[kind]}"}
            if name == NEVER_NULL
            else {"name": name, "type": ["null", AVRO_TYPES[kind]], "doc": f"Data:{_DOCS[kind]}", "default": None}
            for name, kind in self.fields.items()
        ]
        record = {"type": "record", "name": self.channel, "namespace": "com.sforce.eventbus", "fields": fields}
        return json.dumps(record, separators=(",", ":"))

    @cached_property
    def id(self) -> str:
        """22 characters, another for another text."""
        digest = hashlib.sha256(self.text.encode()).digest()[:16]
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    @cached_property
    def _parsed(self) -> Any:
        return fastavro.parse_schema(json.loads(self.text))

    def encoded(self, values: Mapping[str, Any]) -> bytes:
        """Avro binary without a header. Raises ValueError for a field that there is not, or a value that does not fit."""
        if unknown := values.keys() - self.fields.keys():
            raise ValueError(f"{self.channel} does not have the fields {', '.join(sorted(unknown))}")
        buffer = io.BytesIO()
        try:
            fastavro.schemaless_writer(buffer, self._parsed, values)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"a value of {self.channel} does not fit: {error}") from error
        return buffer.getvalue()

    def decoded(self, payload: bytes) -> dict[str, Any]:
        """What `encoded` was given, and None for what was left out."""
        values: dict[str, Any] = fastavro.schemaless_reader(io.BytesIO(payload), self._parsed, None)  # type: ignore[assignment]
        return values

    @cached_property
    def with_a_further_field(self) -> ChannelSchema:
        """In the middle, where a reader that goes by place goes wrong."""
        fields = list(self.fields.items())
        middle = len(fields) // 2
        return ChannelSchema(self.channel, dict([*fields[:middle], (ADDED_FIELD, "text"), *fields[middle:]]))

    @cached_property
    def with_a_field_less(self) -> ChannelSchema:
        dropped = DROPPED_FIELD if DROPPED_FIELD in self.fields else list(self.fields)[-1]
        return ChannelSchema(self.channel, {name: kind for name, kind in self.fields.items() if name != dropped})


@cache
def channel_schemas() -> Mapping[str, ChannelSchema]:
    """Of every channel, by its name without `/event/`."""
    table = yaml.safe_load(Path(__file__).with_name("events.yaml").read_text(encoding="utf-8"))
    return {channel: ChannelSchema(channel, _fields(kinds)) for channel, kinds in table.items()}


@cache
def schemas_by_id() -> Mapping[str, ChannelSchema]:
    """Those of `channel_schemas` and their changed forms."""
    forms = (
        form
        for schema in channel_schemas().values()
        for form in (schema, schema.with_a_further_field, schema.with_a_field_less)
    )
    return {form.id: form for form in forms}


def _fields(kinds: Mapping[str, list[str]]) -> Mapping[str, str]:
    """CreatedDate first, as in every platform event, then by name."""
    types = {name: kind for kind, names in kinds.items() for name in names}
    return {name: types[name] for name in sorted(types, key=lambda name: (name != NEVER_NULL, name))}
