"""The first loop: read, prepare, match, detect, shape, and make all of it visible in one transaction.

Two locks. The *preparing lock* is held while a batch of the org goes through the steps that may wait for a look-up. The
*commit lock* is held while a batch is detected and stored, which waits for nothing but the disk. Nobody waits for the
first while he holds the second; the tick and Leakline's own events never take the first.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from agent import metrics
from agent.batch_steps import BatchSteps
from agent.errors import DiskFull, NoRoom, Shutdown
from agent.model import OWN_EVENT_TYPE, Batch, Cursor, Rejection
from agent.pipeline import poison
from agent.pipeline.batch_writer import BatchWriter, PreparedBatch, Settle
from agent.pipeline.poison_limit import PoisonLimit
from agent.pipeline.progress import FULL_DISK_PAUSE, Progress
from agent.source import ContinuousSource, Idle, PolledSource
from agent.store import keys
from agent.store.attempts import Attempts, PushAttempts
from agent.store.origin import digest
from agent.store.queue.state_stores import StateStores
from agent.store.state import StateRecall
from agent.store.transaction import Transaction

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


class Ingest:
    """Commits the batches of one shard, one at a time. Safe for threads: one for each source."""

    def __init__(
        self,
        stores: StateStores,
        steps: BatchSteps,
        *,
        now: Callable[[], datetime],
        stop: threading.Event,
        backpressure: Callable[[], str] = lambda: "",
        watch: Callable[[BatchCommit], None] = lambda _: None,
        progress: Progress | None = None,
    ) -> None:
        self._state = stores.state
        self._steps = steps
        self._writer = BatchWriter(stores)
        self._poison_limit = PoisonLimit(stores.problems)
        self._now = now
        self._stop = stop
        self.backpressure = backpressure
        """Asked before each batch: why there is no room for it, empty when there is."""
        self._watch = watch
        self.progress = progress or Progress(stores.problems, now)
        """Who reads, who hangs, who waits on purpose."""
        self._preparing_lock = threading.Lock()
        self._commit_lock = threading.Lock()
        self._attempts: dict[str, Attempts] = {}

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

    def cursor(self, source: str) -> Cursor | None:
        text = self._state.text(keys.CURSOR.key(source))
        return Cursor(text) if text is not None else None

    def recall(self, source: str) -> StateRecall:
        return StateRecall(self._state, keys.MEMORY.key(source, ""))

    # What comes

    def read(self, source: PolledSource) -> int:
        """Take everything a polled source has now; returns the rows committed. Stops at a batch boundary when asked to.

        Raises what the source and the steps raise; everything up to the last commit stands.
        """
        with self.progress.of(source.name):
            after, rows = self.cursor(source.name), 0
            with closing(source.read(after)) as batches:
                for batch in batches:
                    self._wait_for_room()
                    if self._stop.is_set():
                        break
                    rows += self._take_next(source.name, batch, after)
                    after = batch.cursor or after
            return rows

    def follow(self, source: ContinuousSource, alive: Callable[[], None] = lambda: None) -> None:
        """Take what a continuous source hands over, until told to stop. `alive`: called whenever all that came so far is
        committed.

        Raises what the source and the steps raise; everything up to the last commit stands.
        """
        with self.progress.of(source.name):
            after = self.cursor(source.name)
            with closing(source.stream(after, self._stop)) as stream:
                for item in stream:
                    if isinstance(item, Idle):
                        self.progress.note_move()
                    else:
                        self._wait_for_room()
                        if self._stop.is_set():
                            return
                        self._take_next(source.name, item, after)
                        after = item.cursor or after
                    alive()

    def push(self, source: str, batch: Batch) -> int:
        """Take a batch that somebody pushes, who waits for the answer; returns the rows committed.

        Raises NoRoom at once while the spool or the disk is full, Shutdown when told to stop, and what the steps raise;
        nothing of the batch is committed then.
        """
        with self.progress.of(source):
            if reason := self.backpressure():
                raise NoRoom(f"no room for what {source} is sent: {reason}", retry_after=FULL_DISK_PAUSE)
            return self._take_pushed(source, batch, waits=False)

    def take(self, source: str, batch: Batch) -> int:
        """Take one of Leakline's own events, also into a full spool; returns the rows committed, 0 when told to stop before.

        Waits while the disk is full. Raises what the steps raise.
        """
        with self.progress.of(source), suppress(Shutdown):
            return self._take_pushed(source, batch, waits=True)
        return 0

    def tick(self) -> None:
        """Let detection say what only the passing of time can tell; to be called about once a minute.

        Costs no write while there is nothing to say. Raises what detection raises.
        """
        with suppress(Shutdown):
            self._take("agent", Batch("", "agent", OWN_EVENT_TYPE, pl.DataFrame()), None)

    # How it is taken

    def _take_next(self, source: str, batch: Batch, after: Cursor | None) -> int:
        """The batch that lies behind the cursor `after`; 0 when told to stop before it was committed."""
        attempts = self._attempts.setdefault(source, Attempts(self._state, f"ingest/{source}"))

        def settle(transaction: Transaction) -> None:
            if batch.cursor is not None:
                attempts.note(transaction, batch.cursor)

        with suppress(Shutdown), attempts.attempt(str(after)) as exhausted:
            return self._take(source, batch, settle, exhausted=exhausted)
        return 0

    def _take_pushed(self, source: str, batch: Batch, *, waits: bool) -> int:
        """A batch that lies behind no cursor, so that attempts at it are told by what it holds."""
        attempts = PushAttempts(self._state, f"push/{source}")
        ids = digest(batch.frame["event.id"] if batch.frame.height else pl.Series([], dtype=pl.String))

        def settle(transaction: Transaction) -> None:
            attempts.forget(transaction, ids)

        try:
            with attempts.attempt(ids) as exhausted:
                return self._take(source, batch, settle, exhausted=exhausted, waits=waits)
        except DiskFull as error:
            if waits:
                raise
            raise NoRoom(f"no room for what {source} is sent: {error}", retry_after=FULL_DISK_PAUSE) from error

    def _take(
        self, source: str, batch: Batch, settle: Settle | None, *, exhausted: bool = False, waits: bool = True
    ) -> int:
        """`exhausted`: rows that break a step are looked for; `waits`: for the disk, else DiskFull is raised. Raises
        Shutdown when told to stop before the commit.
        """
        began = time.perf_counter()
        ready: PreparedBatch | None = None
        while not self._stop.is_set():
            if ready is None or ready.steps is not self._steps:
                ready = self._prepare(source, batch, exhausted=exhausted)
            try:
                commit = self._commit(ready, settle)
            except DiskFull as error:
                self._state.give_up_ballast()
                if not waits:
                    raise
                self.progress.note_pause("disk", str(error))
                self._stop.wait(FULL_DISK_PAUSE)
                began = time.perf_counter()
                continue
            if commit is None:
                continue
            self.progress.note_move()
            self._state.restore_ballast()
            if settle is not None:
                metrics.BATCH_SECONDS.observe(time.perf_counter() - began)
            self._watch(commit)
            return commit.rows
        raise Shutdown(f"a batch of {source} is not committed: Leakline is about to end")

    def _prepare(self, source: str, batch: Batch, *, exhausted: bool) -> PreparedBatch:
        """Everything that is done outside the commit."""
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

    def _commit(self, ready: PreparedBatch, settle: Settle | None) -> BatchCommit | None:
        """None if the steps were replaced since the batch went through them: what the detection before those of now learns
        would be lost.
        """
        batch, source = ready.batch, ready.source
        with self._commit_lock:
            if ready.steps is not self._steps:
                return None
            now = self._now()
            detection = ready.steps.detect(batch, ready.prepared, ready.matches, now)
            if self._writer.write(ready, detection, settle, now):
                poisoned = len(ready.rejections) - len(batch.rejections)
                self._poison_limit.record((source, batch.event_type), batch.frame.height + poisoned, poisoned)
            detection.commit()
        newest = _newest(ready.prepared)
        if newest is not None:
            metrics.SOURCE_LAG.labels(source).set((now - newest).total_seconds())
        return BatchCommit(source, batch, ready.shaped.height, detection.alerts, detection.matched, newest)

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

    def _wait_for_room(self) -> None:
        while not self._stop.is_set() and (reason := self.backpressure()):
            self.progress.note_pause("spool", reason)
            self._stop.wait(FULL_DISK_PAUSE)


def _newest(frame: pl.DataFrame) -> datetime | None:
    """The newest `@timestamp` of a prepared frame; None where it has no such column, or no time in it."""
    newest = frame["@timestamp"].max() if "@timestamp" in frame.columns else None
    return newest if isinstance(newest, datetime) else None
