"""Differences as a raw frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

import orjson
import polars as pl

from agent.sources.object_query.span import moment
from agent.sources.objects.catalogue import BEFORE, CHANGED, DIFFERENCE, DIFFERENCE_DATE, SEEN, WatchedObject
from agent.sources.objects.snapshots.look import Cells

_PERSON = b"leakline.differs"
_BYTES = 16

Kind = Literal["granted", "changed", "revoked"]


@dataclass(frozen=True, slots=True)
class RecordDifference:
    """What happened to a record between two looks."""

    kind: Kind
    ident: str
    cells: Cells
    """After it; of a revoked record as it was last seen."""
    stamp: int
    """Of the record's bucket before it: no two differences of one record begin at the same."""
    time: int | None = None
    """Milliseconds since 1970, where the record tells when it was."""
    before: Mapping[str, str | None] = field(default_factory=dict)
    """The changed fields with their former values."""


def difference_frame(
    org: str, watched: WatchedObject, rows: Sequence[RecordDifference], since: int, taken: int
) -> pl.DataFrame:
    """Columns: the object's fields in the table's order, as far as any of the records has them; DIFFERENCE, CHANGED, BEFORE,
    SEEN, DIFFERENCE_DATE; `event.id`. All `String`.

    `since`, `taken`: when the looks before and after were, in milliseconds.
    """
    names = [name for name in watched.fields if any(name in row.cells for row in rows)]
    columns: dict[str, list[str | None]] = {name: [row.cells.get(name) for row in rows] for name in names}
    columns[DIFFERENCE] = [row.kind for row in rows]
    columns[CHANGED] = [",".join(sorted(row.before)) or None for row in rows]
    columns[BEFORE] = [_json(row.before) if row.before else None for row in rows]
    columns[SEEN] = [_time(taken)] * len(rows)
    columns[DIFFERENCE_DATE] = [_time(row.time if _is_between(since, row.time, taken) else taken) for row in rows]
    columns["event.id"] = [_identity(org, watched, row) for row in rows]
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def _is_between(since: int, time: int | None, taken: int) -> bool:
    """Both ends are in it: what was at the very moment of the first look it may not have shown."""
    return time is not None and since <= time <= taken


def _identity(org: str, watched: WatchedObject, row: RecordDifference) -> str:
    """Of a look that is tried again after a kill the same: nothing of it was committed, so the bucket has the same stamp."""
    after = {} if row.kind == "revoked" else {name: row.cells.get(name) for name in watched.compared}
    text = "\x1f".join([org, watched.name, row.ident, row.kind, str(row.stamp), _json(after)])
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_BYTES, person=_PERSON).hexdigest()


def _json(cells: Mapping[str, str | None]) -> str:
    return orjson.dumps({name: value or "" for name, value in cells.items()}, option=orjson.OPT_SORT_KEYS).decode()


def _time(time: int | None) -> str:
    return moment(time or 0).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
