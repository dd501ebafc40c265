"""The way of a shard's batches through their steps into its stores.

Two locks. The *preparing lock* is held while a batch of the org goes through the steps that may wait for a look-up. The
*commit lock* is held while a batch is detected and stored, which waits for nothing but the disk. Nobody waits for the
first while he holds the second; the tick and Leakline's own events never take the first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from agent import metrics
from agent.batch_steps import BatchSteps
from agent.errors import Shutdown
from agent.model import OWN_EVENT_TYPE, Batch, Rejection
from agent.pipeline import poison
from agent.pipeline.batch_writer import BatchWriter, DetectedBatch, PreparedBatch, Settle
from agent.pipeline.poison_limit import PoisonLimit
from agent.store.queue.state_stores import StateStores

LOOK_FOR_STOP = 0.5
"""Seconds between two looks at the stop event while another batch of the org is being prepared."""


@dataclass(frozen=True, slots=True)
class BatchCommit:
    """What was committed; handed to whoever watches, after each commit."""

    source: str
    batch: Batch
    rows: int
    alerts: pl.DataFrame
    matched: Mapping[str, int]
    newest: datetime | None
    """The newest event time in the batch."""


class CommitLine:
    """Takes the batches of one shard, one group at a time. Safe for threads."""

    def __init__(
        self, stores: StateStores, steps: BatchSteps, *, now: Callable[[], datetime], stop: threading.Event
    ) -> None:
        self._steps = steps
        self._writer = BatchWriter(stores)
        self._poison_limit = PoisonLimit(stores.problems)
        self._now = now
        self._stop = stop
        self._preparing_lock = threading.Lock()
        self._commit_lock = threading.Lock()

    def shaped(self, batch: Batch) -> pl.DataFrame:
        """The batch as it is sent, without detection; for batches made anew.

        Waits until no other batch of the org is being prepared; raises Shutdown when told to stop meanwhile.
        """
        with self._preparing(batch):
            steps = self._steps
            return steps.shape(steps.prepare(batch), batch, self._now())

    def replace_steps(self, steps: BatchSteps) -> None:
        """Other rules and mappings from the next commit on: a batch that is under way goes through all steps again."""
        with self._commit_lock:
            self._steps = steps
            self._poison_limit.forget()

    def prepare(self, source: str, batch: Batch, *, exhausted: bool) -> PreparedBatch:
        """Everything that is done outside the commit. `exhausted`: rows that break a step are looked for.

        Raises Shutdown when told to stop while another batch is prepared, BadDeployment, and what the steps raise.
        """
        rejections: list[Rejection] = list(batch.rejections)
        with self._preparing(batch):
            steps, now = self._steps, self._now()
            if exhausted:
                kind = source, batch.event_type

                def check(rows: int, poisoned: int, reason: str) -> None:
                    self._poison_limit.check(kind, batch.org, rows, poisoned, reason)

                batch, poisoned = poison.without_poison(batch, steps, now, self._commit_lock, check)
                rejections += poisoned
            prepared = steps.prepare(batch)
            matches = steps.match(batch, prepared)
            shaped = steps.shape(prepared, batch, now) if prepared.height else prepared
        return PreparedBatch(source, batch, rejections, prepared, matches, shaped, steps)

    def is_current(self, ready: PreparedBatch) -> bool:
        """Whether the batch went through the steps of now."""
        return ready.steps is self._steps

    def commit(self, group: Sequence[PreparedBatch], settle: Settle | None) -> Sequence[BatchCommit] | None:
        """Detect batches of one source, each against what those before it left, and store all of them. None if the steps
        were replaced since they went through them: what a detection of before learns now would be lost.

        Raises DiskFull, and what the steps raise; nothing of the group is committed then.
        """
        with self._commit_lock:
            if not all(self.is_current(ready) for ready in group):
                return None
            found: list[DetectedBatch] = []
            try:
                for ready in group:
                    found.append(self._detected(ready))
                    found[-1].detection.advance()
                is_stored = self._writer.write(found, settle)
            except BaseException:
                for detected in reversed(found):
                    detected.detection.take_back()
                raise
            for detected in found:
                if is_stored:
                    self._record(detected.ready)
                detected.detection.commit()
        return [_commit_of(detected) for detected in found]

    def _detected(self, ready: PreparedBatch) -> DetectedBatch:
        now = self._now()
        return DetectedBatch(ready, ready.steps.detect(ready.batch, ready.prepared, ready.matches, now), now)

    def _record(self, ready: PreparedBatch) -> None:
        """Take note of how many rows broke a step."""
        poisoned = len(ready.rejections) - len(ready.batch.rejections)
        rows = ready.batch.frame.height + poisoned
        self._poison_limit.record((ready.source, ready.batch.event_type), rows, poisoned)

    @contextmanager
    def _preparing(self, batch: Batch) -> Iterator[None]:
        """Around the steps outside the commit. For Leakline's own events nothing is looked up: they wait for nobody."""
        if batch.event_type == OWN_EVENT_TYPE:
            yield
            return
        while not self._preparing_lock.acquire(timeout=LOOK_FOR_STOP):
            if self._stop.is_set():
                raise Shutdown(f"a batch of {batch.source} is not prepared: Leakline is about to end")
        try:
            yield
        finally:
            self._preparing_lock.release()


def _commit_of(detected: DetectedBatch) -> BatchCommit:
    ready, detection = detected.ready, detected.detection
    newest = _newest(ready.prepared)
    if newest is not None:
        metrics.SOURCE_LAG.labels(ready.source).set((detected.now - newest).total_seconds())
    return BatchCommit(ready.source, ready.batch, ready.shaped.height, detection.alerts, detection.matched, newest)


def _newest(frame: pl.DataFrame) -> datetime | None:
    """The newest `@timestamp` of a prepared frame; None where it has no such column, or no time in it."""
    newest = frame["@timestamp"].max() if "@timestamp" in frame.columns else None
    return newest if isinstance(newest, datetime) else None
