"""What kinds of real-time events the org has, where each is streamed and stored, and with which fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

import yaml

from agent.simulator.pubsub.channel_schema import channel_schemas

STREAMED_ONLY = frozenset({"EventUuid"})
_NUMBERED = {
    "Id": "text",
    "LastModifiedDate": "time",
    "LastReferencedDate": "time",
    "LastViewedDate": "time",
    "SystemModstamp": "time",
}
"""What a standard object has beside the event's own fields and its auto number."""


@dataclass(frozen=True)
class EventKind:
    """One of the events, named as its mapping is: `LoginEvent`."""

    name: str
    channel: str | None = None
    """Without `/event/`. None: it is only stored."""
    stored: str | None = None
    """The object. None: it is only streamed."""
    kind: Literal["big", "standard"] | None = None
    number: str = ""
    """The auto number of a standard object."""
    adds: Mapping[str, list[str]] = field(default_factory=dict)
    lacks: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    """What a big object may be filtered by, beside EventDate and EventIdentifier."""

    @cached_property
    def streamed_fields(self) -> Mapping[str, str]:
        """Field to `time`, `text`, `decimal`, `integer` or `boolean`; empty when it is only stored."""
        return channel_schemas()[self.channel].fields if self.channel else {}

    @cached_property
    def stored_fields(self) -> Mapping[str, str]:
        """The same of the object, with Id; empty when it is only streamed."""
        if self.stored is None:
            return {}
        gone = STREAMED_ONLY | set(self.lacks)
        fields = {name: form for name, form in self.streamed_fields.items() if name not in gone}
        fields |= {name: form for form, names in self.adds.items() for name in names}
        return {"Id": "text"} | fields | (_NUMBERED | {self.number: "text"} if self.kind == "standard" else {})

    @cached_property
    def fields(self) -> Mapping[str, str]:
        """All that an event is made with."""
        return {**self.stored_fields, **self.streamed_fields}

    @cached_property
    def common_fields(self) -> frozenset[str]:
        """Those of both forms, or of the only one: by them one happening is compared with itself."""
        both = [forms for forms in (self.streamed_fields, self.stored_fields) if forms]
        return frozenset(both[0]).intersection(*both)


@cache
def event_kinds() -> Mapping[str, EventKind]:
    """All, by name."""
    document = yaml.safe_load(Path(__file__).with_name("event_kinds.yaml").read_text(encoding="utf-8"))
    return {name: _kind(name, parts) for name, parts in document.items()}


@cache
def switched_off(names: str) -> frozenset[str]:
    """The kinds that a comma list names by their own names, their channels or their objects; `all`: every one."""
    wanted = {name.strip() for name in names.split(",")}
    return frozenset(
        kind.name
        for kind in event_kinds().values()
        if wanted & {"all", kind.name, kind.channel or "", kind.stored or ""} - {""}
    )


def _kind(name: str, parts: dict[str, Any]) -> EventKind:
    lists: dict[str, Any] = {key: tuple(parts.get(key, ())) for key in ("lacks", "filters")}
    return EventKind(name, **parts | lists)
