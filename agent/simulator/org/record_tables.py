"""Records among the org's objects: those that are kept as versions, and event log objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.simulator.org.objects import Table
from agent.simulator.records.event_log_objects import EventLogObject, event_log_objects
from agent.simulator.records.record_kind import Record, RecordKind, record_kinds

if TYPE_CHECKING:
    from agent.simulator.org.simulated_org import SimulatedOrg

_EVER = 1 << 52
"""Milliseconds since 1970, after which nothing happens."""


def record_tables(org: SimulatedOrg) -> list[Table]:
    """Those that the org's licences let it have."""
    licensed = not org.faults.free_only
    found = [_table(org, kind) for kind in record_kinds().values() if licensed or not kind.licensed]
    off = {name.strip() for name in org.faults.no_event_log_objects.split(",")}
    if licensed and "all" not in off:
        found += [_event_log(org, kind) for kind in event_log_objects().values() if kind.name not in off]
    return found


def _table(org: SimulatedOrg, kind: RecordKind) -> Table:
    records = org.records
    return Table(
        kind.name, kind.fields, lambda: records.rows(kind), frozenset(kind.unfilterable), dict(kind.relations),
        time=kind.time, between=(lambda low, high: records.between(kind, low, high)) if kind.time else None,
        deleted=lambda: records.deleted(kind), counts_only=kind.counts_only, no_like=frozenset(kind.no_like),
    )  # fmt: skip


def _event_log(org: SimulatedOrg, kind: EventLogObject) -> Table:
    def between(low: int, high: int) -> list[Record]:
        return [row.record for row in org.records.event_logs.between(kind, low, high)]

    return Table(kind.name, kind.fields, lambda: between(0, _EVER), time="Timestamp", between=between)
