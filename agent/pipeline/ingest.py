"""The first loop: what comes from sources, from senders, from the clock and from Leakline itself is taken.

How a batch is taken, and who waits for whom in it, says `commit_line`; here is who hands it in, what an attempt at it is,
and what happens while there is no room.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime

import polars as pl

from agent import metrics
from agent.batch_steps import BatchSteps
from agent.errors import DiskFull, NoRoom, Shutdown
from agent.model import OWN_EVENT_TYPE, Batch, Cursor
from agent.pipeline.batch_group import BatchGroup
from agent.pipeline.batch_writer import PreparedBatch, Settle
from agent.pipeline.commit_line import BatchCommit, CommitLine
from agent.pipeline.progress import FULL_DISK_PAUSE, Progress
from agent.source import ContinuousSource, PolledSource
from agent.store import keys
from agent.store.attempts import Attempts, PushAttempts
from agent.store.origin import digest
from agent.store.queue.state_stores import StateStores
from agent.store.state import StateRecall
from agent.store.transaction import Transaction


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
        self._line = CommitLine(stores, steps, now=now, stop=stop)
        self._stop = stop
        self.backpressure = backpressure
        """Asked before each batch: why there is no room for it, empty when there is."""
        self._watch = watch
        self.progress = progress or Progress(stores.problems, now, shard=stores.shard)
        """Who reads, who hangs, who waits on purpose."""
        self._attempts: dict[str, Attempts] = {}

    def shaped(self, batch: Batch) -> pl.DataFrame:
        """See `CommitLine.shaped`."""
        return self._line.shaped(batch)

    def replace_steps(self, steps: BatchSteps) -> None:
        """See `CommitLine.replace_steps`."""
        self._line.replace_steps(steps)

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

        Batches of one kind that come one upon the other commit together, at the latest when the source is idle. Raises
        what the source and the steps raise; everything up to the last commit stands.
        """
        with self.progress.of(source.name):
            after, group = self.cursor(source.name), BatchGroup()
            with closing(source.stream(after, self._stop)) as stream:
                try:
                    for item in stream:
                        batch = item if isinstance(item, Batch) else None
                        if batch is not None and group.admits(batch):
                            group.add(batch)
                            if not group.is_full:
                                continue
                            batch = None
                        held, group = group, BatchGroup()
                        after = self._take_group(source.name, held, after)
                        if self._stop.is_set():
                            return
                        self.progress.note_move()
                        if batch is not None:  # one of another kind begins the next group
                            group.add(batch)
                        else:
                            alive()
                finally:  # also where the other side ends it: one that always does so would never get on
                    self._take_group(source.name, group, after)

    def _take_group(self, source: str, group: BatchGroup, after: Cursor | None) -> Cursor | None:
        """Commit the group; returns the cursor from then on. Takes nothing when told to stop."""
        if not group:
            return after
        self._wait_for_room()
        batch = group.merged()
        if not self._stop.is_set():
            self._take_next(source, batch, after)
        return batch.cursor or after

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
            if ready is None or not self._line.is_current(ready):
                ready = self._line.prepare(source, batch, exhausted=exhausted)
            try:
                commit = self._line.commit(ready, settle)
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

    def _wait_for_room(self) -> None:
        while not self._stop.is_set() and (reason := self.backpressure()):
            self.progress.note_pause("spool", reason)
            self._stop.wait(FULL_DISK_PAUSE)
