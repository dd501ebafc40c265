"""Real-time events among the org's objects: those that store them, and their channels, which can only be described."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from agent.simulator.event_stream.event_kind import EventKind, event_kinds, switched_off
from agent.simulator.org.objects import Table
from agent.simulator.records.record_kind import FieldType

if TYPE_CHECKING:
    from agent.simulator.org.simulated_org import SimulatedOrg

_SINCE = {"FileEvent": 57, "UniversalAnomalyEvent": 66}
"""The first API version of an event; the others are older than what anybody uses."""
_FORMS: dict[str, FieldType] = {
    "time": "datetime", "text": "string", "decimal": "double", "integer": "int", "boolean": "boolean",
}  # fmt: skip
_IDS = frozenset(
    {"Id", "UserId", "ProfileId", "RoleId", "PolicyId", "LoginHistoryId", "CreatedById", "LastModifiedById"}
)


def event_tables(org: SimulatedOrg, api_version: str) -> list[Table]:
    """Those of the org's events whose streaming or storage is on; none without the licence."""
    if org.faults.free_only:
        return []
    silent, unstored = switched_off(org.faults.no_stream), switched_off(org.faults.no_storage)
    found = []
    for kind in event_kinds().values():
        if float(api_version) < _SINCE.get(kind.name, 0):
            continue
        if kind.channel and kind.name not in silent:
            found.append(Table(kind.channel, _typed(kind.streamed_fields), list, queryable=False))
        if kind.stored and kind.name not in unstored:
            found.append(_stored(org, kind))
    return found


def _stored(org: SimulatedOrg, kind: EventKind) -> Table:
    fields, events = _typed(kind.stored_fields), org.stored_events
    if kind.kind == "standard":
        return Table(kind.stored or "", fields, lambda: events.all(kind))
    return Table(
        kind.stored or "", fields, list, newest=lambda low, high: events.newest(kind, low, high),
        index=("EventDate", "EventIdentifier", *kind.filters),
    )  # fmt: skip


def _typed(fields: Mapping[str, str]) -> dict[str, FieldType]:
    return {name: "id" if name in _IDS else _FORMS[form] for name, form in fields.items()}
