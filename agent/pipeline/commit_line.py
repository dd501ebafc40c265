"""The way of a shard's batches through their steps into its stores.

Two locks. The *preparing lock* is held while a batch of the org goes through the step that may wait for a look-up. The
*commit lock* is held while a batch is detected and stored, which waits for nothing but the disk. Nobody waits for the
first while he holds the second; the tick and Leakline's own events never take the first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from agent import metrics
from agent.batch_steps import NO_RESPONSE, BatchSteps
from agent.errors import Shutdown
from agent.model import OWN_EVENT_TYPE, Batch, EarlyFrame, Rejection
from agent.pipeline.batch_writer import BatchWriter, DetectedBatch, PreparedBatch, Settle
from agent.pipeline.event_times import EventTimes
from agent.pipeline.live_first import LiveFirst
from agent.pipeline.poison_rows import poison
from agent.pipeline.poison_rows.poison_limit import PoisonLimit
from agent.pipeline.taken_rows import TakenRows
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
        self,
        stores: StateStores,
        steps: BatchSteps,
        *,
        now: Callable[[], datetime],
        stop: threading.Event,
        intervals: Mapping[str, timedelta],
    ) -> None:
        """`intervals`: by a source's name, how often it is asked."""
        self._steps = steps
        self._writer = BatchWriter(stores)
        self._taken = TakenRows(stores)
        self._times = EventTimes(stores.state, intervals)
        self._poison_limit = PoisonLimit(stores.problems)
        self._now = now
        self._stop = stop
        self._preparing_lock = threading.Lock()
        self._live = LiveFirst()
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
        batch = self._left_of(batch)
        rejections: list[Rejection] = list(batch.rejections)
        steps = self._steps
        prepared = None if exhausted else _prepared_early(batch, steps)
        if prepared is None:
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
        shaped = steps.shape(prepared, batch, self._now()) if prepared.height else prepared
        return PreparedBatch(source, batch, rejections, prepared, matches, shaped, steps)

    def prepare_early(self, batch: Batch) -> Batch:
        """The batch with its prepared frame, for when it is its turn; as it is where the step breaks: then its turn tells,
        with its attempts counted.
        """
        try:
            batch = self._left_of(batch)
            with self._preparing(batch):
                step = self._steps.prepare
                return replace(batch, early=EarlyFrame(batch.frame, step(batch), step))
        except Exception:  # noqa: BLE001 - the same is raised again, where somebody hears it
            return batch

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
                    found.append(self._detected(self._times.take(self._taken.take(ready), self._now())))
                    found[-1].response.advance()
                settle = self._times.settling(self._taken.settling(settle, self._now()))
                is_stored = self._writer.write(found, settle)
            except BaseException:
                self._taken.take_back()
                self._times.take_back()
                for detected in reversed(found):
                    detected.response.take_back()
                    detected.detection.take_back()
                raise
            self._taken.commit()
            self._times.commit()
            for ready, detected in zip(group, found, strict=True):
                if is_stored:
                    self._record(ready)
                detected.detection.commit()
                detected.response.commit()
        return [_commit_of(detected) for detected in found]

    def _left_of(self, batch: Batch) -> Batch:
        """Without rows that are taken once and were taken before."""
        if batch.once is None:
            return batch
        with self._commit_lock:
            return self._taken.left_of(batch)

    def _detected(self, ready: PreparedBatch) -> DetectedBatch:
        """Detected, and answered; what comes next is detected against what this one leaves."""
        now, steps = self._now(), ready.steps
        detection = steps.detect(ready.batch, ready.prepared, ready.matches, now)
        detection.advance()
        try:
            response = steps.respond(ready.batch, detection, now) if detection.alerts.height else NO_RESPONSE
        except BaseException:
            detection.take_back()
            raise
        return DetectedBatch(ready, detection, response, now)

    def _record(self, ready: PreparedBatch) -> None:
        """Take note of how many rows broke a step."""
        poisoned = len(ready.rejections) - len(ready.batch.rejections)
        rows = ready.batch.frame.height + poisoned
        self._poison_limit.record((ready.source, ready.batch.event_type), rows, poisoned)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nothing of the shard is between detection and commit meanwhile: what `respond` keeps in memory is what is stored.
        Nobody may wait for anything inside.
        """
        with self._commit_lock:
            yield

    @contextmanager
    def _preparing(self, batch: Batch) -> Iterator[None]:
        """Around the steps outside the commit. For Leakline's own events nothing is looked up: they wait for nobody."""
        if batch.event_type == OWN_EVENT_TYPE:
            yield
            return
        with self._live.turn_of(batch):
            while not self._preparing_lock.acquire(timeout=LOOK_FOR_STOP):
                if self._stop.is_set():
                    raise Shutdown(f"a batch of {batch.source} is not prepared: Leakline is stopping")
        try:
            yield
        finally:
            self._preparing_lock.release()


def _prepared_early(batch: Batch, steps: BatchSteps) -> pl.DataFrame | None:
    """What was prepared of these very rows by the step of now."""
    early = batch.early
    return early.prepared if early and early.rows is batch.frame and early.step is steps.prepare else None


def _commit_of(detected: DetectedBatch) -> BatchCommit:
    ready, detection, alerts = detected.ready, detected.detection, detected.response.alerts
    newest = _newest(ready.prepared)
    if newest is not None and ready.batch.history is None:
        metrics.SOURCE_LAG.labels(ready.source).set((detected.now - newest).total_seconds())
    return BatchCommit(ready.source, ready.batch, ready.shaped.height, alerts, detection.matched, newest)


def _newest(frame: pl.DataFrame) -> datetime | None:
    """The newest `@timestamp` of a prepared frame; None where it has no such column, or no time in it."""
    newest = frame["@timestamp"].max() if "@timestamp" in frame.columns else None
    return newest if isinstance(newest, datetime) else None
