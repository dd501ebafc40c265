"""Rows that are read of objects: the setup audit trail, provisioning requests, and what changed between two looks at grants,
tokens of apps and policies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

import polars as pl

from agent.drills.planting.scenario import PlantedBatch
from agent.drills.planting.script import Script
from agent.simulator.records.audit_trail import setup_version
from agent.simulator.records.record_kind import record_kinds
from agent.simulator.world.stage import RecordVersion
from agent.sources.object_query.cells import raw_frame
from agent.sources.objects.catalogue import WatchedObject, watched_objects
from agent.sources.objects.snapshots.difference import changes
from agent.sources.objects.snapshots.difference_rows import RecordDifference, difference_frame

_LOOK = 900_000
"""Milliseconds between the looks before and after, as the settings have it unless they say otherwise."""


def record_rows(script: Script, org: str) -> Iterator[PlantedBatch]:
    """Without `event.id`. Objects that Leakline does not read are left out."""
    setup = [setup_version(change, place) for place, change in enumerate(script.changes)]
    versions = sorted([*setup, *script.versions], key=lambda version: (version.entity, version.time))
    for entity, group in groupby(versions, key=lambda version: version.entity):
        watched = watched_objects().get(entity)
        if watched is None:
            continue
        found = list(group)
        frame = (
            _differences(watched, found, org, script.window[1])
            if watched.reads == "snapshot"
            else _rows(watched, found)
        )
        if frame.height:
            yield PlantedBatch(entity, watched.source, frame)


def _rows(watched: WatchedObject, versions: list[RecordVersion]) -> pl.DataFrame:
    kind = record_kinds()[watched.name]
    types = {name: kind.fields[name] for name in watched.fields if name in kind.fields}
    return raw_frame([kind.record(version) for version in versions if version.values is not None], types)


def _differences(watched: WatchedObject, versions: list[RecordVersion], org: str, taken: int) -> pl.DataFrame:
    """Of each record as it was before and as the look at `taken` (ms) shows it. What a script only changes was there before."""
    rows = []
    for _, group in groupby(sorted(versions, key=lambda version: version.id), key=lambda version: version.id):
        rows.append(_difference(watched, list(group)[-1], taken))
    return difference_frame(org, watched, rows, taken - _LOOK, taken).drop("event.id")


def _difference(watched: WatchedObject, version: RecordVersion, taken: int) -> RecordDifference:
    cells: Mapping[str, str | None] = _rows(watched, [version]).row(0, named=True)
    if watched.name == "TransactionSecurityPolicy":
        # No scene makes a policy: what it keeps of one is how it was switched off.
        before = {**cells, "State": "Enabled"}
        former = {name: before[name] for name in changes(before, cells, watched)}
        return RecordDifference("changed", version.id, cells, taken - _LOOK, version.time, former)
    return RecordDifference("granted", version.id, cells, taken - _LOOK, version.time)
