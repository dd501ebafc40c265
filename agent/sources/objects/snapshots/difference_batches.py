"""Differences as batches, each with the buckets that know of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from agent.model import Batch
from agent.own_event import rowless
from agent.sources.object_query.span import milliseconds
from agent.sources.objects.catalogue import WatchedObject
from agent.sources.objects.snapshots.difference import BucketDifference, changed_at, changes, made_at
from agent.sources.objects.snapshots.difference_rows import Kind, RecordDifference, difference_frame
from agent.sources.objects.snapshots.look import BUCKETS, Cells, Look
from agent.sources.objects.snapshots.record_bucket import RecordBucket, SeenRecord, bytes_of
from agent.sources.objects.snapshots.snapshot_state import SnapshotMemory, SnapshotState

MOST_ROWS = 2_000
"""Of a batch."""
MOST_BYTES = 4 << 20
"""That a batch asks to remember, but for the last bucket of it."""


@dataclass(frozen=True, slots=True)
class LookPlan:
    """What is made of a look's differences."""

    holds: bool = False
    """What is gone is not revoked yet."""
    accepts: bool = False
    """What was missing at the last look as well is revoked."""
    widens: bool = False
    """What appeared was there before, and is not granted."""


class DifferenceBatches:
    """Of one look. A bucket is stored by the batch that has its rows, so that a kill between two batches neither loses a
    difference nor doubles one; of a bucket with more rows than a batch takes, what has been settled by then.
    """

    def __init__(self, org: str, watched: WatchedObject, memory: SnapshotMemory, look: Look, plan: LookPlan) -> None:
        self._org = org
        self._watched = watched
        self._memory = memory
        self._look = look
        self._plan = plan
        self.state: SnapshotState = memory.state
        """With what was left out so far."""
        self._since, self._taken = self.state.taken, milliseconds(look.taken)
        self._rows: list[RecordDifference] = []
        self._changes: dict[str, bytes | None] = {}
        self._room: dict[Kind, int | None] = {}

    def baseline(self) -> Iterator[Batch]:
        """All that is there, without rows. Buckets of an earlier one that was interrupted are written again."""
        for number in range(BUCKETS):
            after, bucket = self._look.records(number), self._memory.bucket(number)
            if after or bucket.records:
                bucket.records = {ident: SeenRecord(dict(cells)) for ident, cells in after.items()}
                yield from self._store(number, bucket)
        yield from self._rest()

    def batches(self, differences: Sequence[BucketDifference]) -> Iterator[Batch]:
        """At most `MOST_ROWS` rows each."""
        self._make_room(differences)
        for difference in differences:
            bucket, after = self._memory.bucket(difference.bucket), self._look.records(difference.bucket)
            for row in self._settle(difference, bucket, after):
                if self._has_room(row.kind):
                    self._rows.append(row)
                if len(self._rows) == MOST_ROWS:
                    self._changes |= self._memory.bucket_changes(difference.bucket, bucket, self._taken)
                    yield self._batch()
            for ident, cells in after.items():
                if ident in bucket.records:
                    bucket.records[ident] = SeenRecord({**bucket.records[ident].cells, **cells})
            yield from self._store(difference.bucket, bucket)
        yield from self._rest()

    def _settle(
        self, difference: BucketDifference, bucket: RecordBucket, after: dict[str, Cells]
    ) -> Iterator[RecordDifference]:
        """Each difference once the bucket knows of it."""
        watched, plan, records = self._watched, self._plan, bucket.records
        for ident in difference.appeared if plan.widens else ():
            records[ident] = SeenRecord(dict(after[ident]))
        for ident in (*difference.granted, *(() if plan.widens else difference.appeared)):
            records[ident] = SeenRecord(dict(after[ident]))
            yield RecordDifference("granted", ident, after[ident], bucket.stamp, made_at(after[ident], watched))
        for ident in difference.changed:
            cells, known = after[ident], records[ident].cells
            former = {name: known[name] for name in changes(known, cells, watched)}
            records[ident] = SeenRecord({**known, **cells})
            whole = records[ident].cells
            yield RecordDifference("changed", ident, whole, bucket.stamp, changed_at(cells, watched), former)
        for ident in difference.gone if plan.holds else ():
            records[ident].missing = True
        for ident in (*(() if plan.holds else difference.gone), *(difference.missing if plan.accepts else ())):
            yield RecordDifference("revoked", ident, records.pop(ident).cells, bucket.stamp)

    def _make_room(self, differences: Sequence[BucketDifference]) -> None:
        """Grants go before changes, and both before revocations."""
        left = self._watched.most
        granted = sum(len(found.granted) + (0 if self._plan.widens else len(found.appeared)) for found in differences)
        changed = sum(len(found.changed) for found in differences)
        self._room = {
            "granted": left,
            "changed": None if left is None else max(0, left - granted),
            "revoked": None if left is None else max(0, left - granted - changed),
        }

    def _has_room(self, kind: Kind) -> bool:
        left = self._room[kind]
        if left == 0:
            self.state = replace(self.state, left_out=self.state.left_out + 1)
        elif left is not None:
            self._room[kind] = left - 1
        return left != 0

    def _store(self, number: int, bucket: RecordBucket) -> Iterator[Batch]:
        self._changes |= self._memory.bucket_changes(number, bucket, self._taken)
        if bytes_of(self._changes) >= MOST_BYTES:
            yield self._batch()

    def _rest(self) -> Iterator[Batch]:
        if self._changes:
            yield self._batch()

    def _batch(self) -> Batch:
        remember = self._changes | self._memory.state_changes(self.state)
        rows, self._rows, self._changes = self._rows, [], {}
        if not rows:
            return rowless(self._org, remember=remember)
        frame = difference_frame(self._org, self._watched, rows, self._since, self._taken)
        watched = self._watched
        return Batch(
            self._org,
            watched.source,
            watched.name,
            frame,
            remember=remember,
            input=watched.name,
            created=self._look.taken,
        )
