"""What is remembered of a part of an object's records: packed, compressed, in values that the state takes."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from agent.source import Recall

MOST_VALUE = 900_000
"""Bytes of a value: the state takes a megabyte. A bucket that is longer takes several."""
FORMAT = 1
_UNKNOWN = 0
"""In place of a cell: the field was hidden whenever the record was seen. Empty cells are null."""


@dataclass(slots=True)
class SeenRecord:
    """A record as it was last seen."""

    cells: dict[str, str | None]
    """By field; without those that were always hidden. A hidden field keeps what was last seen in it."""
    missing: bool = False
    """It was not there at the last look, which may have been wrong: it is not revoked until another one agrees."""


@dataclass(slots=True)
class RecordBucket:
    """Some of an object's records."""

    records: dict[str, SeenRecord] = field(default_factory=dict)
    """By Id."""
    stamp: int = 0
    """Milliseconds since 1970: the look by which it was last stored, and a little later where that is needed for each
    state of a bucket to have another one.
    """

    @classmethod
    def recalled(cls, recall: Recall, key: str) -> RecordBucket:
        """As it was stored; empty where it never was. Raises ValueError for what this version did not write."""
        first = recall(f"{key}/0")
        if first is None:
            return cls()
        if first[0] != FORMAT:
            raise ValueError(f"{key} has the format {first[0]}, which this version cannot read")
        rest = [recall(f"{key}/{number}") or b"" for number in range(1, first[1])]
        document = orjson.loads(zlib.decompress(b"".join([first[2:], *rest])))
        names = document["fields"]
        records = {ident: SeenRecord(_cells(names, row), bool(missing)) for ident, missing, *row in document["rows"]}
        return cls(records, document["stamp"])

    def stored(self, recall: Recall, key: str, now: int) -> dict[str, bytes | None]:
        """What a batch is to remember for it; it has a new stamp from now on. `now`: the look's time, in milliseconds."""
        known = recall(f"{key}/0")
        self.stamp = max(now, self.stamp + 1)
        data = self._packed()
        parts = [data[begin : begin + MOST_VALUE] for begin in range(0, len(data), MOST_VALUE)]
        changes: dict[str, bytes | None] = {f"{key}/{number}": part for number, part in enumerate(parts)}
        changes[f"{key}/0"] = bytes([FORMAT, len(parts)]) + parts[0]
        for number in range(len(parts), known[1] if known else 0):
            changes[f"{key}/{number}"] = None
        return changes

    def _packed(self) -> bytes:
        names = sorted({name for record in self.records.values() for name in record.cells})
        rows = [
            [ident, int(record.missing), *(record.cells.get(name, _UNKNOWN) for name in names)]
            for ident, record in self.records.items()
        ]
        return zlib.compress(orjson.dumps({"stamp": self.stamp, "fields": names, "rows": rows}))


def _cells(names: list[str], row: list[Any]) -> dict[str, str | None]:
    return {name: value for name, value in zip(names, row, strict=True) if value != _UNKNOWN}


def bytes_of(changes: Mapping[str, bytes | None]) -> int:
    return sum(len(value) for value in changes.values() if value)
