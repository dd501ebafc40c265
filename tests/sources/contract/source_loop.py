"""Commits what a source brings, as Leakline's loops do, and can fail wherever they can."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import assert_never

import polars as pl

from agent.errors import SourceError
from agent.model import OWN_EVENT_TYPE, Batch, Cursor, Rejection
from agent.pipeline.read_ahead.pending_memory import PendingMemory
from agent.source import ContinuousSource, Idle, PolledSource, PushedSource
from tests.sources.contract.harness import AnySource, SenderHarness, SourceHarness
from tests.sources.reader import RecalledKeys

PATIENCE = 30.0
"""Seconds in which a source must have ended that was told to; by far more than it needs."""


class Crash(Exception):
    """The end of a pass, or of the process, by a fault of ours."""


class ReadOnlyRecall:
    """What a source sees of the memory (`agent.source.Recall`)."""

    def __init__(self, memory: RecalledKeys) -> None:
        self._memory = memory

    def __call__(self, key: str) -> bytes | None:
        return self._memory(key)

    def keys(self, prefix: str) -> Iterator[str]:
        return self._memory.keys(prefix)


@dataclass
class SourceLoop:
    """What it holds is all that outlives a process."""

    harness: SourceHarness
    memory: RecalledKeys = field(default_factory=RecalledKeys)
    cursor: Cursor | None = None
    batches: list[Batch] = field(default_factory=list)
    """Committed."""
    taken: set[tuple[str, str]] = field(default_factory=set)
    """Family and id of each row that is taken once."""
    before: Callable[[Batch], None] = lambda _: None
    """Called before each commit; what it raises is the end of the pass."""
    after: Callable[[Batch], None] = lambda _: None
    """The same after each commit."""
    stop: threading.Event = field(default_factory=threading.Event)
    ahead: int = 0
    """Batches of a polled source that are asked for before those ahead of them are committed."""

    def __post_init__(self) -> None:
        self._recall = PendingMemory(ReadOnlyRecall(self.memory))

    def new_source(self) -> AnySource:
        return self.harness.source(self._recall)

    def run(self, source: AnySource | None = None, *, together: bool = False, waits: bool = False) -> None:
        """Take all that is there, or go on until stopped if it `waits`. `together`: commit only when the source is idle.

        Raises what the source and the hooks raise.
        """
        self.stop.clear()
        match source or self.new_source():
            case PolledSource() as polled:
                self._read(polled)
            case ContinuousSource() as continuous:
                self._follow(continuous, together, waits)
            case PushedSource() as pushed:
                self._serve(pushed, waits)
            case never:
                assert_never(never)
        assert self.harness.left_behind() == []

    def rows(self) -> list[tuple[str, str]]:
        """Label and id of each row that was committed, sorted."""
        return sorted(pair for batch in self.batches for pair in self.rows_of(batch))

    def rows_of(self, batch: Batch) -> list[tuple[str, str]]:
        if batch.event_type == OWN_EVENT_TYPE or not batch.frame.height:
            return []
        return list(zip(self.harness.labels(batch), batch.frame["event.id"].to_list(), strict=True))

    def rejections(self) -> list[Rejection]:
        return [rejection for batch in self.batches for rejection in batch.rejections]

    def commit(self, *batches: Batch) -> int:
        """See `agent.source.Push`."""
        return sum(self._store(batch) for batch in batches)

    def _store(self, batch: Batch) -> int:
        """One transaction."""
        given, batch = batch, self._untaken(batch)
        if given.frame.height and not batch.frame.height and batch.cursor is None:
            return 0  # a copy of what a sender was not answered: nothing changes by it
        self.before(batch)
        self.memory.apply(batch.remember)
        self.cursor = batch.cursor or self.cursor
        self.batches.append(batch)
        if batch.once is not None and batch.frame.height:
            self.taken |= {(batch.once.family, event_id) for event_id in batch.frame["event.id"]}
        self.after(batch)
        return batch.frame.height

    def _untaken(self, batch: Batch) -> Batch:
        """Without the rows that are taken once (`Batch.once`) and were taken."""
        if batch.once is None or not batch.frame.height:
            return batch
        ids = batch.frame["event.id"]
        new = [(batch.once.family, event_id) not in self.taken for event_id in ids]
        frame = batch.frame.filter(pl.Series(new, dtype=pl.Boolean) & ids.is_first_distinct())
        return replace(batch, frame=frame, duplicates=batch.duplicates + batch.frame.height - frame.height)

    def _read(self, source: PolledSource) -> None:
        held: deque[Batch] = deque()
        with closing(source.read(self.cursor)) as batches:
            try:
                for batch in batches:
                    self._recall.add(batch.remember)
                    held.append(batch)
                    self._commit_held(held, self.ahead)
                    if self.stop.is_set():
                        break
            except SourceError:
                self._commit_held(held, 0)
                raise
            else:
                self._commit_held(held, 0)
            finally:
                self._recall.clear()

    def _commit_held(self, held: deque[Batch], ahead: int) -> None:
        """All but the newest, of which so many stay; none after a stop."""
        while len(held) > ahead and not self.stop.is_set():
            self.commit(held.popleft())
            self._recall.settle(1)

    def _follow(self, source: ContinuousSource, together: bool, waits: bool) -> None:
        held: list[Batch] = []
        with closing(source.stream(self.cursor, self.stop)) as items:
            for item in items:
                if not isinstance(item, Idle):
                    held.append(item)
                if not together or isinstance(item, Idle):
                    while held:
                        self.commit(held.pop(0))
                if not waits and (self.stop.is_set() or isinstance(item, Idle)):
                    break

    def _serve(self, source: PushedSource, waits: bool) -> None:
        faults: list[BaseException] = []

        def serve() -> None:
            try:
                source.serve(self.commit, self.stop)
            except BaseException as error:
                faults.append(error)

        assert isinstance(self.harness, SenderHarness)
        thread = threading.Thread(target=serve)
        thread.start()
        self.harness.deliver()
        if waits:
            self.stop.wait()
        self.stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()
        if faults:
            raise faults[0]
