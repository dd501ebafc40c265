"""What a correlation remembers of one org: matched rows of its open windows, and the alerts that may still grow.

Rows are stored as they come, in pieces of one span of time (a bucket) each, sorted by group. A piece never changes; it
goes when its last row is too old, or when many small ones of a bucket become few. Of alerts each batch stores those
that changed. So what a batch writes follows from what is in it, not from what is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import polars as pl

from agent.detection.correlation.correlation import NUMERIC, Correlation
from agent.detection.correlation.open_alert import OpenAlert, decoded
from agent.detection.correlation.piece_cache import PieceCache, encoded

PIECE_ROWS = 10_000
"""Rows in a stored piece at most, so that it stays well below a megabyte."""

SMALL_PIECES = 8
"""Of a bucket's pieces that are less than half full no more than these stay apart."""

DELTAS = 32
"""More changes to alerts than these are written anew as one list."""

DELTA_BYTES = 500_000
"""Bytes of the alerts stored under one key, about."""

OPEN_ALERTS = 10_000
"""Alerts that may still grow, per correlation and org; of more those whose last event is oldest are closed."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Where some rows are stored; times in milliseconds."""

    number: int
    bucket: int
    rows: int
    oldest: int
    newest: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Immutable: a batch makes a new one, which counts from the commit on."""

    prefix: str
    pieces: tuple[Piece, ...] = ()
    mark: int = 0
    """The watermark up to which windows were judged and closed; older rows are not taken any more."""
    alerts: Mapping[str, tuple[OpenAlert, ...]] = field(default_factory=dict)
    """By group."""
    deltas: tuple[int, ...] = ()
    shape: str = ""
    """Of the correlation whose rows these are."""
    stale: tuple[str, ...] = ()
    """What is stored of a correlation of another shape, to be deleted."""

    @property
    def empty(self) -> bool:
        return not self.pieces and not self.alerts and not self.stale

    @property
    def height(self) -> int:
        return sum(piece.rows for piece in self.pieces)


def schema(correlation: Correlation, carried: int) -> pl.Schema:
    """Columns of its rows; `carried` texts are there for correlations of this one."""
    value = pl.Float64() if correlation.kind in NUMERIC else pl.UInt64()
    return pl.Schema(
        {
            "group": pl.UInt32(),
            "time": pl.Int64(),
            "id": pl.Binary(),
            "step": pl.UInt8(),
            **({"value": value} if correlation.fields else {}),
            "user": pl.UInt32(),
            "address": pl.UInt32(),
            **{f"carried {place}": pl.UInt32() for place in range(carried)},
        }
    )


@dataclass(slots=True)
class MemoryWriter:
    """What one batch changes of the stored state; nothing counts before its commit."""

    cache: PieceCache
    pieces: dict[str, pl.DataFrame | None] = field(default_factory=dict)
    changes: dict[str, bytes | None] = field(default_factory=dict)

    def rows(self, memory: Memory, since: int, until: int) -> list[pl.DataFrame]:
        """The pieces that have rows of these times, whole."""
        return [
            frame
            for piece in memory.pieces
            if piece.newest >= since and piece.oldest <= until
            if (frame := self.piece(memory, piece)) is not None
        ]

    def piece(self, memory: Memory, piece: Piece) -> pl.DataFrame | None:
        key = _rows_key(memory, piece.number)
        return self.pieces[key] if key in self.pieces else self.cache.get(key)

    def add(self, memory: Memory, rows: pl.DataFrame, width: int) -> Memory:
        """`width`: that of a bucket, in milliseconds."""
        number = max((piece.number for piece in memory.pieces), default=0)
        pieces = list(memory.pieces)
        bucketed = rows.with_columns((pl.col("time") // width).alias("bucket")).sort("group", "time")
        for key, part in bucketed.partition_by("bucket", include_key=False, as_dict=True, maintain_order=True).items():
            for slice_ in part.iter_slices(PIECE_ROWS):
                number += 1
                pieces.append(self._put(memory, number, int(key[0]), slice_))
        memory = replace(memory, pieces=tuple(pieces))
        for bucket in {piece.bucket for piece in pieces if piece.number > number - 64}:
            memory = self._merged(memory, bucket)
        return memory

    def _put(self, memory: Memory, number: int, bucket: int, rows: pl.DataFrame) -> Piece:
        key = _rows_key(memory, number)
        rows = rows.rechunk()
        self.pieces[key] = rows
        self.changes[key] = encoded(rows)
        return Piece(number, bucket, rows.height, int(rows["time"].min()), int(rows["time"].max()))  # type: ignore[arg-type]

    def _merged(self, memory: Memory, bucket: int) -> Memory:
        small = [piece for piece in memory.pieces if piece.bucket == bucket and piece.rows < PIECE_ROWS // 2]
        if len(small) <= SMALL_PIECES:
            return memory
        parts = [frame for piece in small if (frame := self.piece(memory, piece)) is not None]
        return self.replaced(memory, small, pl.concat(parts))

    def replaced(self, memory: Memory, old: Sequence[Piece], rows: pl.DataFrame) -> Memory:
        """With `rows` in place of pieces of one bucket."""
        number = max(piece.number for piece in memory.pieces)
        gone, bucket = {piece.number for piece in old}, old[0].bucket
        memory = self.without(memory, gone)
        new = [
            self._put(memory, number + place, bucket, part)
            for place, part in enumerate(rows.sort("group", "time").iter_slices(PIECE_ROWS), start=1)
            if part.height
        ]
        return replace(memory, pieces=(*memory.pieces, *new))

    def without(self, memory: Memory, numbers: Iterable[int]) -> Memory:
        gone = set(numbers)
        for number in gone:
            self.pieces[_rows_key(memory, number)] = None
            self.changes[_rows_key(memory, number)] = None
        return replace(memory, pieces=tuple(piece for piece in memory.pieces if piece.number not in gone))

    def remember(self, memory: Memory, before: Memory) -> Memory:
        """Store what is not rows: the mark, where the rows are, and the alerts that changed."""
        opened, closed = _changed_alerts(memory, before)
        if opened or closed:
            memory = self._store_alerts(memory, opened, closed)
        for key in memory.stale:
            self.changes.setdefault(key, None)
        memory = replace(memory, stale=())
        pieces = [_values_of(piece) for piece in memory.pieces]
        head = {"shape": memory.shape, "mark": memory.mark, "deltas": memory.deltas, "pieces": pieces}
        self.changes[f"{memory.prefix}/head"] = orjson.dumps(head)
        return memory

    def _store_alerts(self, memory: Memory, opened: list[OpenAlert], closed: list[str]) -> Memory:
        deltas = memory.deltas
        if len(deltas) > DELTAS:
            self.changes |= {f"{memory.prefix}/alerts/{number}": None for number in deltas}
            opened, closed = [alert for alerts in memory.alerts.values() for alert in alerts], []
        number, kept = max(deltas, default=0), () if len(deltas) > DELTAS else deltas
        for part in _delta_texts(opened, closed):
            number += 1
            self.changes[f"{memory.prefix}/alerts/{number}"] = part
            kept = (*kept, number)
        return replace(memory, deltas=kept)


def _changed_alerts(memory: Memory, before: Memory) -> tuple[list[OpenAlert], list[str]]:
    if memory.alerts is before.alerts:
        return [], []
    old = {alert.id: alert for alerts in before.alerts.values() for alert in alerts}
    opened = [alert for alerts in memory.alerts.values() for alert in alerts if old.get(alert.id) is not alert]
    kept = {alert.id for alerts in memory.alerts.values() for alert in alerts}
    return opened, [alert for alert in old if alert not in kept]


def _delta_texts(opened: Sequence[OpenAlert], closed: Sequence[str]) -> Iterator[bytes]:
    parts: list[bytes] = []
    size = 0
    for alert in opened:
        parts.append(orjson.dumps(alert.encoded()))
        size += len(parts[-1])
        if size > DELTA_BYTES:
            yield b'{"closed":[],"open":[' + b",".join(parts) + b"]}"
            parts, size = [], 0
    for place in range(0, max(len(closed), 1), 10_000):
        yield b'{"closed":' + orjson.dumps(closed[place : place + 10_000]) + b',"open":[' + b",".join(parts) + b"]}"
        parts = []


def recalled(recall: Callable[[str], bytes | None], prefix: str, shape: str) -> Memory:
    """Nothing, if what is stored is of a correlation of another shape."""
    head = recall(f"{prefix}/head")
    if head is None:
        return Memory(prefix, shape=shape)
    about: dict[str, Any] = orjson.loads(head)
    if about["shape"] != shape:
        rows = [f"{prefix}/rows/{number}" for number, *_ in about["pieces"]]
        stale = (*rows, *(f"{prefix}/alerts/{number}" for number in about["deltas"]))
        return Memory(prefix, shape=shape, stale=stale)
    alerts: dict[str, OpenAlert] = {}
    for number in about["deltas"]:
        delta = orjson.loads(recall(f"{prefix}/alerts/{number}") or b'{"closed":[],"open":[]}')
        for identity in delta["closed"]:
            alerts.pop(identity, None)
        for values in delta["open"]:
            alert = decoded(values)
            alerts[alert.id] = alert
    by_group: dict[str, tuple[OpenAlert, ...]] = {}
    for alert in alerts.values():
        by_group[alert.group] = (*by_group.get(alert.group, ()), alert)
    pieces = tuple(Piece(*values) for values in about["pieces"])
    return Memory(prefix, pieces, about["mark"], by_group, tuple(about["deltas"]), shape)


def _rows_key(memory: Memory, number: int) -> str:
    return f"{memory.prefix}/rows/{number}"


def _values_of(piece: Piece) -> list[int]:
    return [piece.number, piece.bucket, piece.rows, piece.oldest, piece.newest]
