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

from agent.detection.correlation.definition.correlation import NUMERIC, Correlation
from agent.detection.correlation.group_windows import LiveGroups
from agent.detection.correlation.open_alert import OpenAlert, decoded
from agent.detection.correlation.row_times import RowTimes
from agent.detection.memory.frame_bytes import encoded
from agent.detection.memory.piece_cache import PieceCache

PIECE_ROWS = 10_000
"""Rows in a stored piece at most, so that it stays well below a megabyte."""

SMALL_PIECES = 8
"""Of a bucket's pieces that are less than half full no more than these stay apart."""

DELTAS = 32
"""More stored changes to alerts (deltas) than these are written anew as one list."""

DELTA_BYTES = 500_000
"""Bytes of the alerts stored under one key, about: half of what the state takes."""

CLOSED_IDS = 10_000
"""Ids of closed alerts stored under one key: 35 bytes each."""

RECENT_PIECES = 64
"""Of the pieces written last the buckets are looked at for small ones."""

OPEN_ALERTS = 10_000
"""Alerts that may still grow, per correlation and org; of more those whose last event is oldest are closed."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Where some rows are stored: number, and bucket of time; `oldest` and `newest` in milliseconds."""

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
    """By the text of their group."""
    waiting: int = 0
    """Clock time, in milliseconds: no change of an alert that was not announced is older; 0 if all were announced."""
    deltas: tuple[int, ...] = ()
    """Numbers of the stored changes to alerts, in their order."""
    shape: str = ""
    """Of the correlation whose rows these are."""
    stale: tuple[str, ...] = ()
    """What is stored of a correlation of another shape, to be deleted."""
    times: RowTimes | None = None
    """Not stored: made of the rows when somebody asks."""
    live: LiveGroups = field(default_factory=LiveGroups)
    """Not stored: groups are followed from when somebody asks for them."""

    @property
    def empty(self) -> bool:
        return not self.pieces and not self.alerts and not self.stale

    @property
    def height(self) -> int:
        return sum(piece.rows for piece in self.pieces)


def schema(correlation: Correlation, carried: int) -> pl.Schema:
    """Columns of its rows; `carried`: how many texts are there for correlations of this one.

    `time` is in milliseconds, `id` as `rows` codes it, `step` the place of the base in `Correlation.steps`; `group`,
    `user`, `address` and `carried N` are codes of texts. `value` is a number to sum, or the hash of a text to count.
    """
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
    """Key to rows (`schema`); None: deleted."""
    changes: dict[str, bytes | None] = field(default_factory=dict)
    """Key to what the state has there from the commit on; None: nothing."""

    def rows(self, memory: Memory, since: int, until: int) -> list[pl.DataFrame]:
        """The pieces that have rows from `since` to `until` (milliseconds, both included), whole."""
        return [
            frame
            for piece in memory.pieces
            if piece.newest >= since and piece.oldest <= until
            if (frame := self.piece(memory, piece)) is not None
        ]

    def piece(self, memory: Memory, piece: Piece) -> pl.DataFrame | None:
        """Its rows: as this batch made them, else as they are stored."""
        key = _rows_key(memory, piece.number)
        return self.pieces[key] if key in self.pieces else self.cache.get(key)

    def add(self, memory: Memory, rows: pl.DataFrame, width: int) -> Memory:
        """With these rows in pieces of their own. `width`: that of a bucket, in milliseconds."""
        number = max((piece.number for piece in memory.pieces), default=0)
        pieces = list(memory.pieces)
        rows = rows.sort("group", "time")
        for bucket, part in _by_bucket(rows, width):
            for sliced in part.iter_slices(PIECE_ROWS):
                number += 1
                pieces.append(self._put(memory, number, bucket, sliced))
        memory = replace(memory, pieces=tuple(pieces))
        # Small pieces are those of recent batches: looking at few of them keeps the work that of a batch.
        for bucket in {piece.bucket for piece in pieces if piece.number > number - RECENT_PIECES}:
            memory = self._merged(memory, bucket)
        return memory

    def _put(self, memory: Memory, number: int, bucket: int, rows: pl.DataFrame) -> Piece:
        """Store rows; they must not be none."""
        key = _rows_key(memory, number)
        rows = rows.rechunk()
        self.pieces[key] = rows
        self.changes[key] = encoded(rows)
        return Piece(number, bucket, rows.height, int(rows["time"].min()), int(rows["time"].max()))  # type: ignore[arg-type]

    def _merged(self, memory: Memory, bucket: int) -> Memory:
        """With the small pieces of a bucket as one, if they are many."""
        small = [piece for piece in memory.pieces if piece.bucket == bucket and piece.rows < PIECE_ROWS // 2]
        if len(small) <= SMALL_PIECES:
            return memory
        parts = [frame for piece in small if (frame := self.piece(memory, piece)) is not None]
        return self.replaced(memory, small, pl.concat(parts))

    def replaced(self, memory: Memory, old: Sequence[Piece], rows: pl.DataFrame) -> Memory:
        """With `rows` in place of pieces of one bucket, under new numbers: a piece never changes."""
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
        """With the pieces of these numbers deleted."""
        gone = set(numbers)
        for number in gone:
            self.pieces[_rows_key(memory, number)] = None
            self.changes[_rows_key(memory, number)] = None
        return replace(memory, pieces=tuple(piece for piece in memory.pieces if piece.number not in gone))

    def remember(self, memory: Memory, before: Memory, groups: Iterable[str]) -> Memory:
        """Store what is not rows: the mark, where the rows are, and the alerts that changed, all of them of `groups`."""
        opened, closed = _changed_alerts(memory, before, groups)
        if opened or closed:
            memory = self._store_alerts(memory, opened, closed)
        if memory.stale:
            self.changes |= {key: None for key in memory.stale if key not in self.changes}
            memory = replace(memory, stale=())
        pieces = [_values_of(piece) for piece in memory.pieces]
        head = {"shape": memory.shape, "mark": memory.mark, "deltas": memory.deltas, "pieces": pieces}
        self.changes[f"{memory.prefix}/head"] = orjson.dumps(head)
        return memory

    def _store_alerts(self, memory: Memory, opened: list[OpenAlert], closed: list[str]) -> Memory:
        """Store alerts that changed and ids of those that closed as one more change, or all of them anew."""
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


def _by_bucket(rows: pl.DataFrame, width: int) -> Iterator[tuple[int, pl.DataFrame]]:
    """Rows in their order, by bucket of time; `width`: that of a bucket, in milliseconds."""
    first, last = int(rows["time"].min()) // width, int(rows["time"].max()) // width  # type: ignore[arg-type]
    if first == last:
        yield first, rows
        return
    bucketed = rows.with_columns((pl.col("time") // width).alias("bucket"))
    for key, part in bucketed.partition_by("bucket", include_key=False, as_dict=True, maintain_order=True).items():
        yield int(key[0]), part


def _changed_alerts(memory: Memory, before: Memory, groups: Iterable[str]) -> tuple[list[OpenAlert], list[str]]:
    """Alerts of these groups that are new or others than before, and ids of those that are no more."""
    opened: list[OpenAlert] = []
    closed: list[str] = []
    for group in groups:
        old = {alert.id: alert for alert in before.alerts.get(group, ())}
        kept = memory.alerts.get(group, ())
        opened += [alert for alert in kept if old.get(alert.id) is not alert]
        closed += old.keys() - {alert.id for alert in kept}
    return opened, closed


def _delta_texts(opened: Sequence[OpenAlert], closed: Sequence[str]) -> Iterator[bytes]:
    """Changes as JSON, `{"closed": [ids], "open": [alerts]}`, in portions that the state takes."""
    parts: list[bytes] = []
    size = 0
    for alert in opened:
        parts.append(orjson.dumps(alert.encoded()))
        size += len(parts[-1])
        if size > DELTA_BYTES:
            yield b'{"closed":[],"open":[' + b",".join(parts) + b"]}"
            parts, size = [], 0
    for place in range(0, max(len(closed), 1), CLOSED_IDS):
        yield b'{"closed":' + orjson.dumps(closed[place : place + CLOSED_IDS]) + b',"open":[' + b",".join(parts) + b"]}"
        parts = []


def recalled(recall: Callable[[str], bytes | None], prefix: str, shape: str, mark: int = 0) -> Memory:
    """What is stored under `prefix`; nothing, if that is of a correlation of another `shape`. `mark`: the watermark since
    then, in milliseconds.
    """
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
    return Memory(
        prefix,
        pieces,
        max(about["mark"], mark),
        by_group,
        first_change(by_group.values()),
        tuple(about["deltas"]),
        shape,
    )


def first_change(alerts: Iterable[tuple[OpenAlert, ...]]) -> int:
    """See `Memory.waiting`. `alerts`: of each group."""
    return min((alert.changed for of_group in alerts for alert in of_group if alert.changed), default=0)


def _rows_key(memory: Memory, number: int) -> str:
    return f"{memory.prefix}/rows/{number}"


def _values_of(piece: Piece) -> list[int]:
    return [piece.number, piece.bucket, piece.rows, piece.oldest, piece.newest]
