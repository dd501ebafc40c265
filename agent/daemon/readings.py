"""The readings of all shards: each begins and ends by itself, at the start or while the others go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from agent.assembly.shard import Shard
from agent.daemon.full_disk import despite_a_full_disk
from agent.daemon.reading.shard_reading import ShardReading
from agent.daemon.schedule import Schedule
from agent.errors import StateDamaged
from agent.pipeline.commit_line import BatchCommit
from agent.pipeline.shard_threads import ShardThreads, ShardWork
from agent.store.directory.state_directory import StateDirectory

TICK_EVERY = timedelta(minutes=1)
"""Between two looks at what only the passing of time can tell."""

Start = Callable[[str, Callable[[], None]], threading.Thread]


class Readings:
    """By the name of the shard. What changes it is called by one thread at a time; whoever asks sees one moment."""

    def __init__(
        self,
        shards: Mapping[str, Shard],
        directory: StateDirectory,
        told: threading.Condition,
        *,
        now: Callable[[], datetime],
        stop: threading.Event,
        fail: Callable[[StateDamaged], None],
        guarded: Callable[[Callable[[], None]], None],
        start: Start,
        reads_live: bool = True,
    ) -> None:
        """`told`: see `Node`; `stop`: the process's; `fail`: the state is damaged, the process is to end; `guarded` runs a job and
        takes what it raises; `start`: a thread of that name; `reads_live`: whether sources are read at all.
        """
        self._directory = directory
        self._told = told
        self._now = now
        self._fail = fail
        self._start = start
        self._reads_live = reads_live
        self._threads: dict[str, list[threading.Thread]] = {}
        """Of sources that own one, by shard; None before they are started."""
        self._is_started = False
        self.by_shard: Mapping[str, ShardReading] = {}
        """Another mapping after each change."""
        polled = sum(1 for shard in shards.values() for _ in shard.sources)
        self.schedule = Schedule(polled, guarded)
        self._tell = ShardThreads("tell", {}, stop, self._wait_for_problem_events)
        for shard in shards.values():
            self.begin(shard)

    @property
    def threads(self) -> list[threading.Thread]:
        """Those of sources that own one and must not end."""
        return [thread for threads in list(self._threads.values()) for thread in threads]

    def start_sources(self) -> list[threading.Thread]:
        """One thread per source that owns one; of shards that come later they start at once."""
        self._is_started = True
        for name in self.by_shard:
            self._start_sources(name)
        return self.threads

    # Changes

    def begin(self, shard: Shard) -> None:
        """Read a shard, new or built anew; what was read of it before has ended."""
        read = shard if self._reads_live else replace(shard, sources=(), inbound=None)
        reading = ShardReading(read, self._now, self._fail)
        self.by_shard = {**self.by_shard, shard.name: reading}
        for poll in reading.polled:
            self.schedule.add(poll.source.name, partial(reading.poll, poll), poll.every, spread=True)
        self.schedule.add_tick(reading.tick_name, partial(self._tick, reading), TICK_EVERY)
        self._tell.works = {name: self._telling(known) for name, known in self.by_shard.items()}
        if self._is_started:
            self._start_sources(shard.name)

    def end(self, names: Iterable[str]) -> None:
        """Begin to end what is read of these; `has_ended` of each waits for it."""
        for name in names:
            reading = self.by_shard[name]
            self._threads.pop(name, None)  # first: they may end now
            for job in (*(poll.source.name for poll in reading.polled), reading.tick_name):
                self.schedule.withdraw(job)
            reading.end()

    def release(self, name: str) -> None:
        """What was read of this shard has ended: its places are free."""
        for poll in self.by_shard[name].polled:
            self.schedule.release(poll.source.name)

    @contextmanager
    def entered(self, name: str) -> Iterator[bool]:
        """Whether the calling thread may work on this shard while it is inside; the end of what is read of it waits for that."""
        reading = self.by_shard.get(name)
        if reading is None:
            yield False
            return
        with reading.entered() as may_work:
            yield may_work

    # Asking

    def record_commit(self, shard: str, commit: BatchCommit) -> None:
        self.by_shard[shard].record_commit(commit)

    def status(self, now: datetime) -> list[Mapping[str, Any]]:
        """See `ShardReading.status`."""
        return [source for reading in self.by_shard.values() for source in reading.status(now)]

    def stalled(self) -> Mapping[str, str]:
        """Loops that hang or whose turn does not come, by name, each with a sentence about it."""
        return {loop: why for reading in self.by_shard.values() for loop, why in reading.stalled().items()}

    def polled_orgs(self) -> Mapping[str, ShardReading]:
        """Those with a source that is polled."""
        return {name: reading for name, reading in self.by_shard.items() if reading.polled}

    def has_read(self, org: str) -> bool:
        """Whether a polled source of the org has been read since it was begun."""
        reading = self.by_shard.get(org)
        return reading is not None and reading.polling.has_read()

    # Work

    def run_problem_events(self) -> None:
        """The work of a thread: commit the events about problems of all shards."""
        self._tell.run()

    def send_problem_events(self) -> None:
        """Commit those that wait to be sent, in this thread."""
        for reading in self.by_shard.values():
            self._send_problem_events(reading)

    def _send_problem_events(self, reading: ShardReading) -> None:
        with despite_a_full_disk(self._directory):
            reading.send_problem_events()

    def _telling(self, reading: ShardReading) -> ShardWork:
        return ShardWork(reading.has_problem_events, partial(self._send_problem_events, reading))

    def _tick(self, reading: ShardReading) -> None:
        with despite_a_full_disk(self._directory):
            reading.tick()

    def _start_sources(self, name: str) -> None:
        reading = self.by_shard[name]
        self._threads[name] = [
            self._start(source.name, partial(reading.run_source, source)) for source in reading.threads
        ]

    def _wait_for_problem_events(self) -> None:
        with self._told:
            self._told.wait(1.0)
