"""The truth of records: which there were and how they changed, so that a judge can count lost, doubled and altered ones.

The file is NDJSON with a line for each version of each record up to now, written when it is asked for: whoever asked for
what before does not matter. A row of an object whose rows never change has one line.

Columns: `object`, `id` (18 characters), `version` (counts a record's states from 1), `change` (`row`; of snapshots `there` when the
org began with it, `granted`, `changed`, `revoked`; of other objects `written`, `deleted`), `fields` (what a change changed, with
commas, stamps left out), `time` (REST date-time: CreatedDate, SystemModstamp, … of this state), `until` (when it ended, or null),
`visible_at` (when a query could first see it, by the faults of now), `scenario` (or null), `row` (the hidden id of the log-file row
that tells of the same, or null). Versions whose `until` is at or before `visible_at` could be seen by nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from agent.simulator.log_files.log_file import rest_time
from agent.simulator.records.event_log_objects import event_log_objects
from agent.simulator.records.org_records import OrgRecords
from agent.simulator.records.record_kind import RecordKind, record_kinds
from agent.simulator.world.stage import RecordVersion

SCHEMA: dict[str, pl.DataType] = {
    "object": pl.String(), "id": pl.String(), "version": pl.Int64(), "change": pl.String(), "fields": pl.String(),
    "time": pl.String(), "until": pl.String(), "visible_at": pl.String(), "scenario": pl.String(), "row": pl.String(),
}  # fmt: skip
_EVER = 1 << 52


def write_record_truth(path: Path, records: OrgRecords, begin: int, entities: Iterable[str] | None = None) -> int:
    """Write the file; `entities`: of these objects, None: all but event log objects. Returns the number of lines.

    Raises ValueError for an object that there is not.
    """
    count = 0
    with path.open("wb") as file:
        for entity in record_kinds() if entities is None else entities:
            for line in _lines(records, entity, begin):
                file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
                count += 1
    return count


def read_record_truth(path: Path) -> pl.DataFrame:
    """All lines, with the columns of `SCHEMA`."""
    return pl.read_ndjson(path, schema=SCHEMA) if path.stat().st_size else pl.DataFrame(schema=SCHEMA)


def _lines(records: OrgRecords, entity: str, begin: int) -> Iterator[dict[str, Any]]:
    if entity in event_log_objects():
        yield from _event_log_lines(records, entity)
        return
    if entity not in record_kinds():
        raise ValueError(f"there is no object {entity!r}; there are {', '.join(records.entities())}")
    kind = record_kinds()[entity]
    states: dict[str, list[RecordVersion]] = {}
    for version in records.versions(entity):
        states.setdefault(version.id, []).append(version)
    for versions in states.values():
        ends = [following.time for _, following in pairwise(versions)]
        for number, (version, end) in enumerate(zip(versions, [*ends, None], strict=True)):
            before = versions[number - 1] if number else None
            yield {
                "object": entity, "id": version.id, "version": number + 1, "time": rest_time(version.time),
                "change": _change(kind, version, before, begin), "fields": ",".join(_changed(before, version)),
                "until": None if end is None else rest_time(end), "scenario": version.scenario or None,
                "visible_at": rest_time(version.time + records.lag(entity, version.id)), "row": version.row or None,
            }  # fmt: skip


def _event_log_lines(records: OrgRecords, entity: str) -> Iterator[dict[str, Any]]:
    """Rows that can be seen now."""
    for row in records.event_logs.between(event_log_objects()[entity], 0, _EVER):
        yield {
            "object": entity, "id": row.id, "version": 1, "change": "row", "fields": "", "time": rest_time(row.time),
            "until": None, "visible_at": rest_time(row.time + records.lag(entity, row.id)), "row": row.hidden_id,
            "scenario": row.scenario or None,
        }  # fmt: skip


def _change(kind: RecordKind, version: RecordVersion, before: RecordVersion | None, begin: int) -> str:
    if kind.time:
        return "row"
    if version.values is None:
        return "revoked" if kind.snapshot else "deleted"
    if not kind.snapshot:
        return "written"
    if before is not None and before.values is not None:
        return "changed"
    return "there" if version.time < begin else "granted"


def _changed(before: RecordVersion | None, version: RecordVersion) -> list[str]:
    """The fields that differ from the state before."""
    if before is None or before.values is None or version.values is None:
        return []
    old: Mapping[str, Any] = before.values
    return sorted(name for name in {**old, **version.values} if old.get(name) != version.values.get(name))
