"""All that is read into one shard: its sources, each in its way, its own events, and the passing of time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from agent import stacks
from agent.assembly.shard import Shard
from agent.assembly.told_spans import GRANTS, TRAIL, ToldSpans
from agent.daemon.reading.polling import Polling, PollRecord
from agent.daemon.reading.source_threads import PushThread, SourceShard, SourceThread, StreamThread
from agent.daemon.reading.work_gate import WorkGate
from agent.errors import StateDamaged
from agent.pipeline.commit_line import BatchCommit
from agent.pipeline.pass_faults import PassFaults
from agent.source import ContinuousSource, PolledSource
from agent.sources.inbound.source import HEARTBEAT, SERVICE
from agent.sources.source_name import source_name
from agent.store.completeness.change_books import ChangeBooks
from agent.store.completeness.day_report import DayReport
from agent.store.silence.heartbeat_watch import HeartbeatWatch
from agent.store.silence.silence_report import SilenceReport


class ShardReading:
    """Nothing of it waits for another shard, and a fault in it ends no other's work."""

    def __init__(
        self,
        shard: Shard,
        now: Callable[[], datetime],
        fail: Callable[[StateDamaged], None],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`fail`: the state, which is all shards', is damaged: the process is to end."""
        self.shard = shard
        self._gate = WorkGate()
        stop = shard.stop
        problems = shard.stores.problems
        self._faults = PassFaults(problems, steady=steady)
        self.polling = Polling(
            shard.ingest, problems, now, stop, lambda _: shard.org_id, steady, faults=self._faults, turn=shard.turn
        )
        common = SourceShard(
            shard.ingest,
            problems,
            self._faults,
            stop,
            stop.wait,
            lambda: shard.org_id,
            lambda: self.polling.rest(shard.name),
            now,
        )
        self.threads: list[SourceThread] = []
        """Of sources that own one."""
        for settings, source in shard.sources:
            match source:
                case ContinuousSource():
                    self.threads.append(StreamThread(source, common))
                case PolledSource():
                    self.polling.add(source, shard.name, settings.every)
        self._inbound = PushThread(shard.inbound, common, fail) if shard.inbound is not None else None
        if self._inbound is not None:
            self.threads.append(self._inbound)
        self.tick_name = f"tick {shard.name}".rstrip()
        self._now = now
        self._days = DayReport(shard.stores.state, problems)
        self._changes = ChangeBooks(shard.stores.state)
        self._silence = SilenceReport(shard.stores.state, problems)
        self._told = ToldSpans(shard.stores.state, shard.name)
        name = source_name(shard.name, SERVICE)
        recall = shard.ingest.recall(name)
        spans = {sender.name: sender.heartbeat for sender in shard.senders if sender.heartbeat is not None}
        self._heartbeats = HeartbeatWatch(
            spans, name, lambda sender: recall(HEARTBEAT + sender), shard.stores.state, problems
        )

    def end(self) -> None:
        """Nothing is begun any more, and what is in hand stops at the next batch boundary; `has_ended` waits for it."""
        self._gate.close()
        self.shard.stop.set()
        if self.shard.directory is not None:
            self.shard.directory.close()

    def cut(self) -> None:
        """What still waits for the org, or reads on in a file, is cut off."""
        if self.shard.session is not None:
            self.shard.session.close()

    def has_ended(self, until: float = 0.0) -> bool:
        """Whether nothing of it runs any more, which is waited for until this moment of `time.monotonic`."""
        return self._gate.wait_empty(until)

    def where(self) -> str:
        """Where it is, of what still runs."""
        return "; ".join(stacks.where(thread) for thread in self._gate.threads)

    def entered(self) -> AbstractContextManager[bool]:
        """See `WorkGate.entered`."""
        return self._gate.entered()

    def poll(self, polled: PollRecord) -> None:
        """See `Polling.poll`."""
        with self._gate.entered() as may_work:
            if may_work:
                self.polling.poll(polled)

    def run_source(self, source: SourceThread) -> None:
        """The work of the source's thread."""
        with self._gate.entered() as may_work:
            if may_work:
                source.run()

    @property
    def polled(self) -> Sequence[PollRecord]:
        return list(self.polling.sources.values())

    def read_once(self) -> int:
        """One pass over every polled source, in this thread; rows committed. Raises what a source raises."""
        return sum(self.shard.ingest.read(polled.source) for polled in self.polled)

    def tick(self) -> None:
        """What only the passing of time tells; to be called about once a minute. Raises DiskFull, StateDamaged."""
        with self._gate.entered() as may_work, self.shard.ingest.progress.of(self.tick_name):
            if may_work:
                self._faults.run(self.tick_name, self._tick)

    def has_problem_events(self) -> bool:
        """Whether events about problems may wait to be sent."""
        return self.shard.stores.problems.has_events()

    def send_problem_events(self) -> None:
        """Commit the events about problems that wait to be sent. Raises DiskFull, StateDamaged."""
        with self._gate.entered() as may_work:
            if may_work and self.has_problem_events():
                self._faults.run("agent", self._take_problem_events)

    def record_commit(self, commit: BatchCommit) -> None:
        self.polling.record_commit(commit)
        for thread in self.threads:
            if thread.name == commit.source:
                thread.record_commit(commit)

    def stalled(self) -> Mapping[str, str]:
        """Loops that hang or whose turn does not come, by name, each with a sentence about it."""
        return {**self.shard.ingest.progress.stalled(), **self.polling.overdue()}

    def status(self, now: datetime) -> list[Mapping[str, Any]]:
        """See `Polling.status`, `SourceThread.status`."""
        return [*self.polling.status(now), *(thread.status(now) for thread in self.threads)]

    def _take_problem_events(self) -> None:
        for batch in self.shard.stores.problems.events():
            self.shard.ingest.take("agent", batch)

    def _tick(self) -> None:
        self.shard.ingest.tick()
        if self.shard.calls is not None:
            self.shard.calls.tick()
        self.shard.stores.problems.report_growth()
        self._days.tick(self._now(), self.shard.org_id)
        self._changes.judge(self._now(), self._told, self.shard.stores.problems, self.shard.org_id, (TRAIL, GRANTS))
        now = self._now()
        self._silence.tick(
            now,
            {**self.polling.well(now), **{thread.name: thread.is_well for thread in self.threads}},
            self.shard.org_id,
        )
        listening = self._inbound is not None and self._inbound.is_well
        self._heartbeats.tick(now, self.shard.org_id, listening=listening)
