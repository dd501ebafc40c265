"""Records of objects as batches, and the records among them that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

import orjson
import polars as pl

from agent.model import Batch, Cursor, Rejection, TakenOnce
from agent.source import Recall
from agent.sources.object_query.cells import raw_frame
from agent.sources.object_query.overlap.overlap_ledger import OverlapLedger
from agent.sources.object_query.queried_object import ReadObject
from agent.sources.object_query.record_path import Record
from agent.sources.object_query.span import read_time

ODD = "odd/"
"""Under which records are remembered that were rejected, so that the overlap does not reject them again."""
MOST_ODD = 1_000
ODD_FOR = timedelta(days=2)
MOST_RAW = 1 << 20


@dataclass(frozen=True, slots=True)
class RowKind:
    """What the rows of a source have in common."""

    service: str
    once: TakenOnce
    naming: Callable[[pl.DataFrame, str, ReadObject], pl.Series]
    """The `event.id` (`String`) of each row of a raw frame, for the organisation's id."""


class RowBatches:
    """Of one pass of a source. `recall`: what its batches asked to remember."""

    def __init__(self, rows: RowKind, recall: Recall, org: str) -> None:
        self._rows = rows
        self.recall = self._recall = recall
        self._org = org
        self._ledgers: dict[str, OverlapLedger] = {}

    def batch(
        self,
        read: ReadObject,
        records: Sequence[Record],
        fields: Mapping[str, str],
        cursor: Cursor | None,
        now: datetime,
        horizon: int | None = None,
    ) -> Batch:
        """One batch of a page, with what cannot be read of it as rejections, without the rows that were taken before.

        `horizon`: to where the next passes go back, in milliseconds since 1970; None: nothing of it is read again.
        """
        name, time = read.queried.name, read.queried.time
        timed = [(when, record) for record in records if (when := read_time(record.get(time))) is not None]
        good = [record for _, record in timed]
        frame = raw_frame(good, fields)
        frame = frame.with_columns(self._rows.naming(frame, self._org, read).alias("event.id"))
        duplicates, rejections, remember = 0, list[Rejection](), dict[str, bytes | None]()
        if horizon is not None:
            is_named = read.queried.kind != "keyless"
            new = self._ledger(read.name).enter(frame, [when for when, _ in timed], horizon, is_named=is_named)
            frame, duplicates, remember = new.frame, new.taken, new.remember
        for record in records if len(good) < len(records) else ():
            raw = orjson.dumps(record)
            key = f"{ODD}{read.name}/{blake2b(raw, digest_size=8).hexdigest()}"
            if read_time(record.get(time)) is None and self._recall(key) is None and key not in remember:
                remember[key] = now.isoformat().encode()
                rejections.append(self._rejection(read, raw))
        service, once = self._rows.service, self._rows.once
        return Batch(self._org, service, name, frame, cursor, remember, rejections, duplicates, input=name, once=once)

    def outdated(self, now: datetime) -> dict[str, bytes | None]:
        """What need not be remembered any more."""
        known = [(self._recall(key) or b"", key) for key in self._recall.keys(ODD)]
        oldest = (now - ODD_FOR).isoformat().encode()
        extra = sorted(known)[: max(0, len(known) - MOST_ODD)]
        return dict.fromkeys([*(key for since, key in known if since < oldest), *(key for _, key in extra)])

    def _ledger(self, name: str) -> OverlapLedger:
        if name not in self._ledgers:
            self._ledgers[name] = OverlapLedger(self._recall, name)
        return self._ledgers[name]

    def _rejection(self, read: ReadObject, raw: bytes) -> Rejection:
        name = read.queried.name
        reason = f"a record of {name} has no readable {read.queried.time}"
        return Rejection(self._org, self._rows.service, name, name, 0, reason, raw[:MOST_RAW])
