"""What is stored of batches: files first, then one transaction that makes all of it count.

Files are written under the commit lock, although that makes the shard's tick wait for the disk: a file's name says which
number its lane had reached, and after a restart that is the evidence for a database that lost commits
(`agent.store.directory.orphan_files`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from agent import metrics
from agent.batch_steps import BatchSteps, DetectionResult, Matches, ResponseResult
from agent.model import OWN_EVENT_TYPE, Batch, Lane, Rejection
from agent.normalize.permission_changes import permission_changes
from agent.pipeline.read_ahead.batch_group import last_cursor
from agent.store import dead_letter_problem, keys
from agent.store.accounts import Accounts, IngestAccount
from agent.store.batch_file import BatchFile
from agent.store.completeness.change_books import ChangeBooks
from agent.store.completeness.day_books import DayBooks
from agent.store.completeness.feed_figures import FeedFigures
from agent.store.dead_letters import DeadLetterContext, letters_of_rejections
from agent.store.origin import Origin
from agent.store.queue.state_stores import StateStores
from agent.store.spool import UncommittedBatch
from agent.store.state import StateRecall
from agent.store.transaction import Transaction

Settle = Callable[[Transaction], None]
"""What else commits with a batch, such as that no attempt at it has to be counted any more."""


@dataclass(frozen=True, slots=True)
class PreparedBatch:
    """A batch that has gone through all steps outside the commit."""

    source: str
    """The source's name."""
    batch: Batch
    """Without the rows that break a step, once these are looked for."""
    rejections: Sequence[Rejection]
    """The batch's own, and the rows that break a step."""
    prepared: pl.DataFrame
    matches: Matches
    shaped: pl.DataFrame
    steps: BatchSteps
    """Those it went through: a batch is not detected by others."""

    @property
    def lane(self) -> Lane:
        return "alerts" if self.batch.event_type == OWN_EVENT_TYPE else "events"


@dataclass(frozen=True, slots=True)
class DetectedBatch:
    """A batch that is ready to be stored."""

    ready: PreparedBatch
    detection: DetectionResult
    response: ResponseResult
    now: datetime
    """When it was detected."""


class BatchWriter:
    """Stores batches of one shard; its caller holds the shard's commit lock."""

    def __init__(self, stores: StateStores) -> None:
        self._stores = stores
        self._accounts = Accounts(stores.state)
        self._days = DayBooks(stores.state)
        self._changes = ChangeBooks(stores.state)

    def write(self, group: Sequence[DetectedBatch], settle: Settle | None) -> bool:
        """All batches of the group, or none; one file for each lane. Returns whether there was anything to store; if not,
        neither a file nor a transaction is begun.

        Raises DiskFull, and what the steps raise inside the transaction; nothing is left behind then.
        """
        if settle is None and all(_is_empty(detected) for detected in group):
            return False
        spool, letters = self._stores.spool, self._stores.dead_letters
        written: list[UncommittedBatch] = []
        dead: list[tuple[BatchFile, PreparedBatch]] = []
        try:
            for lane, rows in _by_lane(group).items():
                written.append(spool.write(lane, [frame for frame, _ in rows], [origin for _, origin in rows]))
            for detected in group:
                ready = detected.ready
                if ready.rejections:
                    file = letters.write(letters_of_rejections(ready.rejections, detected.now))
                    dead.append((file, ready))
            with self._stores.state.transact() as transaction:
                entries = spool.name(transaction, written)
                for file, ready in dead:
                    self._name_dead_letters(transaction, file, ready)
                self._remember(transaction, group)
                for detected in group:
                    self._follow_up(transaction, detected)
                self._count(transaction, group, written)
                if settle is not None:
                    settle(transaction)
        except BaseException:
            spool.discard(written)
            for file, _ in dead:
                letters.discard(file)
            raise
        spool.publish(entries, written)
        self._measure(group, written)
        return True

    def _name_dead_letters(self, transaction: Transaction, dead: BatchFile, ready: PreparedBatch) -> None:
        source, org = ready.source, ready.batch.org
        self._stores.dead_letters.name(transaction, dead, DeadLetterContext("dead-letters", source))
        dead_letter_problem.report_rejected(self._stores.problems, source, org, ready.rejections)

    def _remember(self, transaction: Transaction, group: Sequence[DetectedBatch]) -> None:
        """The memory of source and detection, and the cursor: of several batches the last one's word counts."""
        remember: dict[str, bytes | None] = {}
        learned: dict[str, bytes | None] = {}
        source = group[0].ready.source
        for detected in group:
            remember |= detected.ready.batch.remember
            learned |= detected.detection.remember
        transaction.apply(keys.MEMORY.key(source, ""), remember)
        transaction.apply(keys.DETECTION.prefix, learned)
        cursor = last_cursor([detected.ready.batch for detected in group])
        if cursor is not None:
            transaction.set(keys.CURSOR.key(source), cursor)

    def _follow_up(self, transaction: Transaction, detected: DetectedBatch) -> None:
        """What follows from a batch: each sees what those before it stored."""
        state, steps, batch = self._stores.state, detected.ready.steps, detected.ready.batch
        response = detected.response
        transaction.apply(keys.RESPONSE.prefix, response.remember)
        trail = steps.record(batch, response, detected.now, StateRecall(state, keys.TRAIL.prefix))
        transaction.apply(keys.TRAIL.prefix, trail)
        self._stores.problems.apply_own_events(batch)

    def _count(
        self, transaction: Transaction, group: Sequence[DetectedBatch], written: Sequence[UncommittedBatch]
    ) -> None:
        """Account for the batches, so that `read` is the sum that `accounts` promises to hold."""
        for ready in (detected.ready for detected in group):
            rejected, duplicates, spooled = len(ready.rejections), ready.batch.duplicates, ready.shaped.height
            read = spooled + duplicates + rejected
            account = IngestAccount(read=read, duplicate=duplicates, malformed=rejected, spooled=spooled)
            self._accounts.add_ingest(transaction, ready.source, ready.batch.event_type, account)
            self._days.add(transaction, ready.source, ready.batch, rejected)
            if ready.batch.history is None:
                self._changes.add(transaction, permission_changes(ready.batch, ready.prepared))
        for uncommitted in written:
            self._accounts.add_spooled(transaction, uncommitted.lane, uncommitted.file.rows)

    def _measure(self, group: Sequence[DetectedBatch], written: Sequence[UncommittedBatch]) -> None:
        for detected in group:
            ready, batch = detected.ready, detected.ready.batch
            read = batch.frame.height + batch.duplicates + len(ready.rejections)
            metrics.ROWS_READ.labels(ready.source, batch.event_type).inc(read)
            metrics.ROWS_DUPLICATED.labels(ready.source).inc(batch.duplicates)
            metrics.ROWS_REJECTED.labels("receiving", ready.source).inc(len(ready.rejections))
            if batch.count is not None and batch.count.compares:
                compared = FeedFigures().adding(batch, len(ready.rejections))
                for seen, rows in (("in_time", compared.in_time), ("late", compared.late), ("never", compared.never)):
                    metrics.ROWS_COMPARED.labels(ready.source, seen).inc(rows)
            for rule, count in detected.detection.matched.items():
                metrics.ALERTS_RAISED.labels(rule).inc(count)
        for uncommitted in written:
            metrics.EVENTS_SPOOLED.labels(uncommitted.lane).inc(uncommitted.file.rows)


def _by_lane(group: Sequence[DetectedBatch]) -> dict[Lane, list[tuple[pl.DataFrame, Origin | None]]]:
    """The shaped rows of a group and its alerts, in the order of the batches; only lanes and frames with rows."""
    lanes: dict[Lane, list[tuple[pl.DataFrame, Origin | None]]] = {}
    for detected in group:
        ready = detected.ready
        if ready.shaped.height:
            origin = Origin.of(ready.source, ready.batch, ready.shaped)
            lanes.setdefault(ready.lane, []).append((ready.shaped, origin))
        for frame in (detected.response.alerts, detected.response.events):
            if frame.height:
                lanes.setdefault("alerts", []).append((frame, None))
    return lanes


def _is_empty(detected: DetectedBatch) -> bool:
    """Whether nothing has to be stored: so it is for the passing of time as a rule."""
    ready, detection, batch = detected.ready, detected.detection, detected.ready.batch
    rows = ready.shaped.height or detection.alerts.height or ready.rejections or batch.duplicates
    return not (rows or batch.remember or detection.remember or batch.cursor is not None or batch.count is not None)
