"""The first loop: read, prepare, detect, shape, and make all of it visible in one transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

import polars as pl
import structlog

from agent import metrics
from agent.errors import DiskFull
from agent.model import OWN_EVENT_TYPE, Batch, BatchSteps, Cursor, DetectionResult, Lane
from agent.pipeline import poison
from agent.pipeline.progress import FULL_DISK_PAUSE, Progress
from agent.source import PolledSource
from agent.store import dead_letter_problem, keys
from agent.store.accounts import Accounts, IngestAccount
from agent.store.attempts import Attempts
from agent.store.batch_file import BatchFile
from agent.store.dead_letters import DeadLetterContext, DeadLetters, letters_of_rejections
from agent.store.origin import Origin
from agent.store.problems import Problems
from agent.store.spool import Spool, UncommittedBatch
from agent.store.state import State, StateRecall
from agent.store.transaction import Transaction

log = structlog.get_logger()


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
    """Commits batches, one at a time over all sources."""

    def __init__(
        self,
        state: State,
        spool: Spool,
        dead_letters: DeadLetters,
        problems: Problems,
        steps: BatchSteps,
        *,
        now: Callable[[], datetime],
        stop: threading.Event,
        spool_limit: int,
        watch: Callable[[BatchCommit], None] = lambda _: None,
        progress: Progress | None = None,
    ) -> None:
        """`spool_limit`: bytes of batch files above which reading pauses, unless `backpressure` is replaced."""
        self._state = state
        self._spool = spool
        self._dead_letters = dead_letters
        self._problems = problems
        self._steps = steps
        self._accounts = Accounts(state)
        self._now = now
        self._stop = stop
        self.backpressure: Callable[[], str] = lambda: (
            f"the spool holds {spool.bytes_held()} of {spool_limit} bytes" if spool.bytes_held() > spool_limit else ""
        )
        """Asked before each batch: why there is no room for it, empty when there is."""
        self._watch = watch
        self.progress = progress or Progress(problems, now)
        """Who reads, who hangs, who waits on purpose."""
        self._lock = threading.Lock()
        self._attempts: dict[str, Attempts] = {}

    def shaped(self, batch: Batch) -> pl.DataFrame:
        """The batch as it is sent, without detection; for batches made anew. Waits for the batch in hand.

        Two threads must not be in the steps at once: what look-ups remember is not made for that.
        """
        with self._lock:
            return self._steps.shape(self._steps.prepare(batch), batch, self._now())

    def replace_steps(self, steps: BatchSteps) -> None:
        """Other rules and mappings from the next batch on."""
        with self._lock:
            self._steps = steps

    def cursor(self, source: str) -> Cursor | None:
        text = self._state.text(keys.CURSOR.key(source))
        return Cursor(text) if text is not None else None

    def recall(self, source: str) -> StateRecall:
        return StateRecall(self._state, keys.MEMORY.key(source, ""))

    def read(self, source: PolledSource) -> int:
        """Take everything a polled source has now; returns the rows committed. Stops at a batch boundary when asked to.

        Raises what the source raises; everything up to the last commit stands.
        """
        with self.progress.of(source.name):
            return self._read(source)

    def _read(self, source: PolledSource) -> int:
        begun = source.name in self._attempts
        attempts = self._attempts.setdefault(source.name, Attempts(self._state, f"ingest/{source.name}"))
        after = self.cursor(source.name)
        rows = 0
        with closing(source.read(after)) as batches:
            for batch in batches:
                if not begun:
                    begun = True
                    attempts.begin(str(after))
                self._wait_for_room()
                if self._stop.is_set():
                    break
                rows += self._take(source.name, batch, attempts.exhausted(str(after)), attempts)
                after = batch.cursor or after
        return rows

    def take(self, source: str, batch: Batch) -> int:
        """Commit one batch that somebody pushes; returns the rows committed (0 if stopped while waiting for room)."""
        with self.progress.of(source):
            return self._take(source, batch, poisonous=False, attempts=None)

    def tick(self) -> None:
        """Let detection say what only the passing of time can tell; to be called about once a minute."""
        self.take("agent", Batch("", "agent", OWN_EVENT_TYPE, pl.DataFrame()))

    def _take(self, source: str, batch: Batch, poisonous: bool, attempts: Attempts | None) -> int:
        while not self._stop.is_set():
            try:
                with self._lock, metrics.BATCH_SECONDS.time():
                    committed = self._commit(source, batch, poisonous, attempts)
            except DiskFull as error:
                self._state.give_up_ballast()
                self.progress.note_pause("disk", str(error))
                self._stop.wait(FULL_DISK_PAUSE)
                continue
            self.progress.note_move()
            self._state.restore_ballast()
            self._watch(committed)
            return committed.rows
        return 0

    def _commit(self, source: str, batch: Batch, poisonous: bool, attempts: Attempts | None) -> BatchCommit:
        now = self._now()
        rejections = list(batch.rejections)
        if poisonous:
            batch, poisoned = poison.without_poison(batch, self._steps, now)
            rejections += poisoned
        prepared = self._steps.prepare(batch)
        detection = self._steps.detect(batch, prepared, now)
        shaped = self._steps.shape(prepared, batch, now) if prepared.height else prepared
        lane: Lane = "alerts" if batch.event_type == OWN_EVENT_TYPE else "events"
        written: list[UncommittedBatch] = []
        dead: BatchFile | None = None
        try:
            written += [self._spool.write(lane, shaped, Origin.of(source, batch, shaped))] if shaped.height else []
            written += [self._spool.write("alerts", detection.alerts)] if detection.alerts.height else []
            dead = self._dead_letters.write(letters_of_rejections(rejections, now)) if rejections else None
            with self._state.transact() as transaction:
                entries = self._spool.name(transaction, written)
                if dead is not None:
                    self._dead_letters.name(transaction, dead, DeadLetterContext("dead-letters", source))
                    dead_letter_problem.report_rejected(self._problems, source, batch.org, rejections)
                self._remember(transaction, source, batch, detection)
                self._problems.apply_own_events(batch)
                self._count(transaction, source, batch, written, len(rejections), shaped.height)
                if batch.cursor is not None and attempts is not None:
                    attempts.note(transaction, batch.cursor)
        except BaseException:
            self._spool.discard(written)
            self._dead_letters.discard(dead)
            raise
        self._spool.publish(entries, written)
        detection.commit()
        newest = _newest(prepared)
        self._measure(source, batch, detection, written, len(rejections))
        if newest is not None:
            metrics.SOURCE_LAG.labels(source).set((now - newest).total_seconds())
        return BatchCommit(source, batch, shaped.height, detection.alerts, detection.matched, newest)

    def _remember(self, transaction: Transaction, source: str, batch: Batch, detection: DetectionResult) -> None:
        transaction.apply(keys.MEMORY.key(source, ""), batch.remember)
        transaction.apply(keys.DETECTION.prefix, detection.remember)
        if batch.cursor is not None:
            transaction.set(keys.CURSOR.key(source), batch.cursor)

    def _count(
        self,
        transaction: Transaction,
        source: str,
        batch: Batch,
        written: Sequence[UncommittedBatch],
        rejected: int,
        spooled: int,
    ) -> None:
        """Account for the batch. `rejected`, `spooled`: rows; so `read` is the sum that `accounts` promises to hold."""
        read = spooled + batch.duplicates + rejected
        account = IngestAccount(read=read, duplicate=batch.duplicates, malformed=rejected, spooled=spooled)
        self._accounts.add_ingest(transaction, source, batch.event_type, account)
        for uncommitted in written:
            self._accounts.add_spooled(transaction, uncommitted.lane, uncommitted.frame.height)

    def _wait_for_room(self) -> None:
        while not self._stop.is_set() and (reason := self.backpressure()):
            self.progress.note_pause("spool", reason)
            self._stop.wait(FULL_DISK_PAUSE)

    def _measure(
        self,
        source: str,
        batch: Batch,
        detection: DetectionResult,
        written: Sequence[UncommittedBatch],
        rejected: int,
    ) -> None:
        metrics.ROWS_READ.labels(source, batch.event_type).inc(
            batch.frame.height + batch.duplicates + len(batch.rejections)
        )
        metrics.ROWS_DUPLICATED.labels(source).inc(batch.duplicates)
        metrics.ROWS_REJECTED.labels("receiving", source).inc(rejected)
        for uncommitted in written:
            metrics.EVENTS_SPOOLED.labels(uncommitted.lane).inc(uncommitted.frame.height)
        for rule, count in detection.matched.items():
            metrics.ALERTS_RAISED.labels(rule).inc(count)
        metrics.SPOOL_BYTES.set(self._spool.bytes_held())


def _newest(frame: pl.DataFrame) -> datetime | None:
    """The newest `@timestamp` of a prepared frame; None where it has no such column, or no time in it."""
    newest = frame["@timestamp"].max() if "@timestamp" in frame.columns else None
    return newest if isinstance(newest, datetime) else None
