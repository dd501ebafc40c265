"""What is stored of a batch: files first, then one transaction that makes all of it count.

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
from agent.batch_steps import BatchSteps, DetectionResult, Matches
from agent.model import OWN_EVENT_TYPE, Batch, Lane, Rejection
from agent.store import dead_letter_problem, keys
from agent.store.accounts import Accounts, IngestAccount
from agent.store.batch_file import BatchFile
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


class BatchWriter:
    """Stores batches of one shard; its caller holds the shard's commit lock."""

    def __init__(self, stores: StateStores) -> None:
        self._stores = stores
        self._accounts = Accounts(stores.state)

    def write(self, ready: PreparedBatch, detection: DetectionResult, settle: Settle | None, now: datetime) -> bool:
        """Returns whether there was anything to store; if not, neither a file nor a transaction is begun.

        Raises DiskFull, and what the steps raise inside the transaction; nothing is left behind then.
        """
        if settle is None and _is_empty(ready, detection):
            return False
        spool, letters = self._stores.spool, self._stores.dead_letters
        written: list[UncommittedBatch] = []
        dead: BatchFile | None = None
        try:
            if ready.shaped.height:
                written.append(
                    spool.write(ready.lane, [ready.shaped], [Origin.of(ready.source, ready.batch, ready.shaped)])
                )
            if detection.alerts.height:
                written.append(spool.write("alerts", [detection.alerts]))
            if ready.rejections:
                dead = letters.write(letters_of_rejections(ready.rejections, now))
            with self._stores.state.transact() as transaction:
                entries = spool.name(transaction, written)
                if dead is not None:
                    self._name_dead_letters(transaction, dead, ready)
                self._remember(transaction, ready, detection)
                self._follow_up(transaction, ready, detection, now)
                self._stores.problems.apply_own_events(ready.batch)
                self._count(transaction, ready, written)
                if settle is not None:
                    settle(transaction)
        except BaseException:
            spool.discard(written)
            letters.discard(dead)
            raise
        spool.publish(entries, written)
        self._measure(ready, detection, written)
        return True

    def _name_dead_letters(self, transaction: Transaction, dead: BatchFile, ready: PreparedBatch) -> None:
        source, org = ready.source, ready.batch.org
        self._stores.dead_letters.name(transaction, dead, DeadLetterContext("dead-letters", source))
        dead_letter_problem.report_rejected(self._stores.problems, source, org, ready.rejections)

    def _remember(self, transaction: Transaction, ready: PreparedBatch, detection: DetectionResult) -> None:
        transaction.apply(keys.MEMORY.key(ready.source, ""), ready.batch.remember)
        transaction.apply(keys.DETECTION.prefix, detection.remember)
        if ready.batch.cursor is not None:
            transaction.set(keys.CURSOR.key(ready.source), ready.batch.cursor)

    def _follow_up(
        self, transaction: Transaction, ready: PreparedBatch, detection: DetectionResult, now: datetime
    ) -> None:
        state, steps = self._stores.state, ready.steps
        response = steps.respond(ready.batch, detection, now, StateRecall(state, keys.RESPONSE.prefix))
        transaction.apply(keys.RESPONSE.prefix, response)
        transaction.apply(
            keys.TRAIL.prefix,
            steps.record(ready.batch, detection, response, now, StateRecall(state, keys.TRAIL.prefix)),
        )

    def _count(self, transaction: Transaction, ready: PreparedBatch, written: Sequence[UncommittedBatch]) -> None:
        """Account for the batch, so that `read` is the sum that `accounts` promises to hold."""
        rejected, duplicates, spooled = len(ready.rejections), ready.batch.duplicates, ready.shaped.height
        read = spooled + duplicates + rejected
        account = IngestAccount(read=read, duplicate=duplicates, malformed=rejected, spooled=spooled)
        self._accounts.add_ingest(transaction, ready.source, ready.batch.event_type, account)
        for uncommitted in written:
            self._accounts.add_spooled(transaction, uncommitted.lane, uncommitted.file.rows)

    def _measure(self, ready: PreparedBatch, detection: DetectionResult, written: Sequence[UncommittedBatch]) -> None:
        source, batch = ready.source, ready.batch
        read = batch.frame.height + batch.duplicates + len(ready.rejections)
        metrics.ROWS_READ.labels(source, batch.event_type).inc(read)
        metrics.ROWS_DUPLICATED.labels(source).inc(batch.duplicates)
        metrics.ROWS_REJECTED.labels("receiving", source).inc(len(ready.rejections))
        for uncommitted in written:
            metrics.EVENTS_SPOOLED.labels(uncommitted.lane).inc(uncommitted.file.rows)
        for rule, count in detection.matched.items():
            metrics.ALERTS_RAISED.labels(rule).inc(count)


def _is_empty(ready: PreparedBatch, detection: DetectionResult) -> bool:
    """Whether nothing has to be stored: so it is for the passing of time as a rule."""
    batch = ready.batch
    rows = ready.shaped.height or detection.alerts.height or ready.rejections or batch.duplicates
    return not (rows or batch.remember or detection.remember or batch.cursor is not None)
