"""A channel with events that a test gives it one by one, in schemas of the test's own."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import fastavro

DEFAULT_FIELDS: Mapping[str, Any] = {
    "CreatedDate": "long",
    "EventDate": ["null", "long"],
    "EventIdentifier": ["null", "string"],
    "UserId": ["null", "string"],
    "RowsProcessed": ["null", "double"],
}


def schema_of(fields: Mapping[str, Any] = DEFAULT_FIELDS, name: str = "Event") -> str:
    """A schema as GetSchema gives it."""
    listed = [
        {"name": field, "type": kind, "doc": "Data:DateTime" if field.endswith("Date") else "Data:Text"}
        for field, kind in fields.items()
    ]
    return json.dumps({"type": "record", "name": name, "namespace": "com.sforce.eventbus", "fields": listed})


def payload_of(schema: str, values: Mapping[str, Any]) -> bytes:
    """Avro binary without a header."""
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(json.loads(schema)), values)
    return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class ScriptedEvent:
    """One event as it is sent."""

    replay_id: bytes
    uuid: str
    schema_id: str
    payload: bytes


@dataclass
class ScriptedTopic:
    """Its replay ids are numbers, not contiguous."""

    channel: str
    events: list[ScriptedEvent] = field(default_factory=list)
    latest: int = 0
    """The newest replay id, of an event or of an empty response."""

    def add(self, payload: bytes, schema_id: str) -> ScriptedEvent:
        self.latest += 3
        event = ScriptedEvent(self.latest.to_bytes(8, "big"), f"uuid-{self.channel}-{self.latest}", schema_id, payload)
        self.events.append(event)
        return event

    def behind(self, replay_id: bytes) -> list[ScriptedEvent]:
        return [event for event in self.events if event.replay_id > replay_id]
