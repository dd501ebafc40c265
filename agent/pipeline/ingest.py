"""The first loop: what comes from sources, from senders, from the clock and from Leakline itself is taken.

How a batch is taken, and who waits for whom in it, says `commit_line`; here is who hands it in, what an attempt at it is,
and what happens while there is no room.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, closing, suppress
from datetime import datetime, timedelta

import polars as pl
import structlog

from agent import metrics
from agent.batch_steps import BatchSteps
from agent.errors import DiskFull, NoRoom, Shutdown
from agent.model import Batch, Cursor
from agent.own_event import rowless
from agent.pipeline.batch_writer import PreparedBatch, Settle
from agent.pipeline.commit_line import BatchCommit, CommitLine
from agent.pipeline.progress import FULL_DISK_PAUSE, Progress
from agent.pipeline.read_ahead.batch_group import COMPANY_SECONDS, StreamGroup, last_cursor
from agent.pipeline.read_ahead.pending_memory import PendingMemory
from agent.pipeline.read_ahead.reader import ReadAhead
from agent.source import ContinuousSource, PolledSource
from agent.store import keys
from agent.store.attempts import Attempts, PushAttempts
from agent.store.origin import digest
from agent.store.queue.state_stores import StateStores
from agent.store.state import StateRecall
from agent.store.transaction import Transaction

log = structlog.get_logger()


class Ingest:
    """Commits the batches of one shard, one group at a time. Safe for threads: one for each source."""

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
        steady: Callable[[], float] = time.monotonic,
        intervals: Mapping[str, timedelta] | None = None,
    ) -> None:
        """`steady`: seconds of a clock that does not jump; `intervals`: by a source's name, how often it is asked."""
        self._state = stores.state
        self._line = CommitLine(stores, steps, now=now, stop=stop, intervals=intervals or {})
        self._stop = stop
        self._steady = steady
        self.backpressure = backpressure
        """Asked before each batch: why there is no room for it, empty when there is."""
        self.fullness: Callable[[], float] = lambda: 0.0
        """Which part of its room the backlog takes, 0 to 1."""
        self._watch = watch
        self.progress = progress or Progress(stores.problems, now, shard=stores.shard)
        """Who reads, who hangs, who waits on purpose."""
        self._attempts: dict[str, Attempts] = {}
        self._memories: dict[str, PendingMemory] = {}
        self._passes: dict[str, ReadAhead] = {}
        """By source: passes that go on, or ended in a fault while the source was still waiting for the other side."""

    def shaped(self, batch: Batch) -> pl.DataFrame:
        """See `CommitLine.shaped`."""
        return self._line.shaped(batch)

    def replace_steps(self, steps: BatchSteps) -> None:
        """See `CommitLine.replace_steps`."""
        self._line.replace_steps(steps)

    def alone(self) -> AbstractContextManager[None]:
        """See `CommitLine.alone`."""
        return self._line.alone()

    def cursor(self, source: str) -> Cursor | None:
        text = self._state.text(keys.CURSOR.key(source))
        return Cursor(text) if text is not None else None

    def recall(self, source: str) -> PendingMemory:
        """What the source of this name asked to remember, also with batches that are read ahead."""
        if source not in self._memories:
            stored = StateRecall(self._state, keys.MEMORY.key(source, ""))
            self._memories.setdefault(source, PendingMemory(stored))
        return self._memories[source]

    # What comes

    def read(self, source: PolledSource) -> int:
        """Take everything a polled source has now; returns the rows committed. Stops at a batch boundary when asked to.

        While batches are taken, the source is read on in a thread of its own, a few batches ahead, which prepares large ones
        as well. What has been read by then commits together; nothing waits for more. Raises what the source and the steps raise; everything up to the
        last commit stands.
        """
        name = source.name
        with self.progress.of(name):
            self._end_last_pass(name)
            after, rows, memory = self.cursor(name), 0, self.recall(name)
            # Behind a batch that was tried before nothing is prepared: what ends the process there would count against it.
            early = (lambda batch: batch) if self._was_tried_before(name, after) else self._line.prepare_early
            ahead = self._passes[name] = ReadAhead(source.read(after), memory, f"read {name}", early)
            try:
                while group := self._next_group(ahead):
                    self._wait_for_room()
                    if self._stop.is_set():
                        break
                    rows += self._take_group(name, group, after)
                    memory.settle(len(group))
                    after = last_cursor(group) or after
            except BaseException:
                ahead.end()  # nothing waits for a download now: what ended the pass is to be told at once
                raise
            self._end_last_pass(name)
            return rows

    def _end_last_pass(self, source: str) -> None:
        """Wait until the pass of a source that was begun last is over: it is never read by two threads."""
        ahead = self._passes.pop(source, None)
        if ahead is not None:
            with self.progress.waiting_for(ahead.thread):
                ahead.close()

    def _next_group(self, ahead: ReadAhead) -> Sequence[Batch]:
        with self.progress.waiting_for(ahead.thread):
            return ahead.next_group()

    def follow(self, source: ContinuousSource, alive: Callable[[], None] = lambda: None) -> None:
        """Take what a continuous source hands over, until told to stop. `alive`: called whenever all that came so far is
        committed.

        Batches that come one upon the other commit together, those of one kind as one, at the latest when the source is
        idle, and within `COMPANY_SECONDS` of the first where it never is. Raises what the source and the steps raise; everything up to the last commit stands.
        """
        with self.progress.of(source.name):
            after, group = self.cursor(source.name), StreamGroup()
            with closing(source.stream(after, self._stop)) as stream:
                try:
                    for item in stream:
                        if isinstance(item, Batch):
                            if group.is_empty:
                                group = StreamGroup(self._steady())
                            group.add(item)
                            if not group.is_full and self._steady() - group.began < COMPANY_SECONDS:
                                continue
                        held, group = group, StreamGroup()
                        after = self._take_held(source.name, held, after)
                        if self._stop.is_set():
                            return
                        self.progress.note_move()
                        alive()
                finally:  # also where the other side ends it: one that always does so would never get on
                    self._take_held(source.name, group, after)

    def _take_held(self, source: str, held: StreamGroup, after: Cursor | None) -> Cursor | None:
        """Commit what is held; returns the cursor from then on. Takes nothing when told to stop."""
        if held.is_empty:
            return after
        self._wait_for_room()
        group = held.in_order()
        if not self._stop.is_set():
            self._take_group(source, group, after, held.together())
        return last_cursor(group) or after

    def push(self, source: str, *batches: Batch) -> int:
        """Take batches that somebody pushes, who waits for the answer, in one commit; returns the rows committed.

        Raises NoRoom at once while the spool or the disk is full, Shutdown when told to stop, and what the steps raise;
        nothing of the batches is committed then.
        """
        with self.progress.of(source):
            if reason := self.backpressure():
                raise NoRoom(f"there is no room for events of {source}: {reason}", retry_after=FULL_DISK_PAUSE)
            return self._take_pushed(source, batches, waits=False)

    def take(self, source: str, batch: Batch) -> int:
        """Take one of Leakline's own events, also into a full spool; returns the rows committed, 0 when told to stop before.

        Waits while the disk is full. Raises what the steps raise.
        """
        with self.progress.of(source), suppress(Shutdown):
            return self._take_pushed(source, [batch], waits=True)
        return 0

    def tick(self) -> None:
        """Let detection say what only the passing of time can tell; to be called about once a minute.

        Costs no write while there is nothing to say. Raises what detection raises.
        """
        with suppress(Shutdown):
            self._take("agent", [rowless("")], None)

    # How it is taken

    def _take_group(
        self, source: str, group: Sequence[Batch], after: Cursor | None, together: Sequence[Batch] | None = None
    ) -> int:
        """Batches that lie behind the cursor `after`: together, or where that breaks one by one, so that attempts are
        counted and poison is looked for batch by batch. Returns the rows committed before a stop.

        `together`: the same rows in the form that is taken together; unless given, they are in one form only.
        """
        attempts, rows = self._attempts_of(source), 0
        with suppress(Shutdown):
            with attempts.attempt(str(after)) as exhausted:
                # What was tried before and is not committed is tried by itself: it may be what broke.
                if len(group) > 1 and not attempts.was_tried_before(str(after)):
                    with suppress(_GroupBroken):
                        return self._take_together(source, group if together is None else together, attempts)
                rows += self._take(source, group[:1], _settling(attempts, group[:1]), exhausted=exhausted)
            for number in range(1, len(group)):
                after = last_cursor(group[:number]) or after
                single = group[number : number + 1]
                with attempts.attempt(str(after)) as exhausted:
                    rows += self._take(source, single, _settling(attempts, single), exhausted=exhausted)
        return rows

    def _attempts_of(self, source: str) -> Attempts:
        return self._attempts.setdefault(source, Attempts(self._state, f"ingest/{source}"))

    def _was_tried_before(self, source: str, after: Cursor | None) -> bool:
        return self._attempts_of(source).was_tried_before(str(after))

    def _take_together(self, source: str, group: Sequence[Batch], attempts: Attempts) -> int:
        """Raises _GroupBroken where a fault of ours ended it; nothing of the group is committed then."""
        try:
            return self._take(source, group, _settling(attempts, group))
        except Shutdown:
            raise
        except Exception as error:
            log.warning("batches that waited together are processed one by one", source=source, reason=repr(error))
            raise _GroupBroken from error

    def _take_pushed(self, source: str, batches: Sequence[Batch], *, waits: bool) -> int:
        """Batches that lie behind no cursor, so that attempts at them are told by what they hold."""
        attempts = PushAttempts(self._state, f"push/{source}")
        none = pl.Series("event.id", [], dtype=pl.String)
        ids = digest(pl.concat([none, *(batch.frame["event.id"] for batch in batches if batch.frame.height)]))

        def settle(transaction: Transaction) -> None:
            attempts.forget(transaction, ids)

        try:
            with attempts.attempt(ids) as exhausted:
                return self._take(source, batches, settle, exhausted=exhausted, waits=waits)
        except DiskFull as error:
            if waits:
                raise
            raise NoRoom(f"there is no room for events of {source}: {error}", retry_after=FULL_DISK_PAUSE) from error

    def _take(
        self,
        source: str,
        group: Sequence[Batch],
        settle: Settle | None,
        *,
        exhausted: bool = False,
        waits: bool = True,
    ) -> int:
        """All batches of the group or none; returns the rows committed.

        `exhausted`: rows that break a step are looked for; `waits`: for the disk, else DiskFull is raised. Raises
        Shutdown when told to stop before the commit.
        """
        began = time.perf_counter()
        ready: list[PreparedBatch] = []
        while not self._stop.is_set():
            if not ready or not all(self._line.is_current(prepared) for prepared in ready):
                ready = [self._line.prepare(source, batch, exhausted=exhausted) for batch in group]
            try:
                commits = self._line.commit(ready, settle)
            except DiskFull as error:
                self._state.give_up_ballast()
                if not waits:
                    raise
                self.progress.note_pause("disk", str(error))
                self._stop.wait(FULL_DISK_PAUSE)
                began = time.perf_counter()
                continue
            if commits is None:
                continue
            self.progress.note_move()
            self._state.restore_ballast()
            if settle is not None:
                metrics.BATCH_SECONDS.observe(time.perf_counter() - began)
            for commit in commits:
                self._watch(commit)
            return sum(commit.rows for commit in commits)
        raise Shutdown(f"a batch of {source} is not committed: Leakline is stopping")

    def _wait_for_room(self) -> None:
        while not self._stop.is_set() and (reason := self.backpressure()):
            self.progress.note_pause("spool", reason)
            self._stop.wait(FULL_DISK_PAUSE)


class _GroupBroken(Exception):
    """A fault of ours in a group of batches, which are taken one by one then."""


def _settling(attempts: Attempts, group: Sequence[Batch]) -> Settle:
    def settle(transaction: Transaction) -> None:
        behind = last_cursor(group)
        if behind is not None:
            attempts.note(transaction, behind)

    return settle
