"""A loop that waits on purpose is well, and says what it waits for; a loop that hangs is not, and says where."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import structlog

from agent import metrics
from agent.daemon.loop_watch import LoopWatch
from agent.daemon.reading.polling import Polling
from agent.daemon.watch import LATE_AFTER, Watch
from agent.errors import DiskFull
from agent.model import Batch
from agent.pipeline import ingest
from agent.pipeline.ingest import Ingest
from agent.pipeline.progress import STALLED_AFTER, Progress
from tests.pipeline.fakes import NOW, ListSource, Loops, batch_of, full_above, ids_of, plain_steps

PATIENCE = 120.0
"""Seconds until a test gives up waiting; never a measure of speed."""


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


@dataclass
class SteadyClock:
    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class HangingSource:
    """A source that does not come to its first batch until it is released."""

    name: str = "acme/hanging"
    released: threading.Event = field(default_factory=threading.Event)
    reading: threading.Event = field(default_factory=threading.Event)

    def read(self, after: object) -> Generator[Batch]:
        self.reading.set()
        assert self.released.wait(PATIENCE)
        yield batch_of(1, ids_of(0, 1))


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> SteadyClock:
    monkeypatch.setattr(ingest, "FULL_DISK_PAUSE", 0.005)
    return SteadyClock()


def ingest_of(loops: Loops, steady: SteadyClock, spool_limit: int = 1 << 30) -> Ingest:
    return Ingest(
        loops.stores,
        plain_steps(),
        now=lambda: NOW,
        stop=loops.stop,
        backpressure=full_above(loops.spool, spool_limit),
        progress=Progress(loops.problems, lambda: NOW, steady),
    )


def kinds(loops: Loops) -> list[str]:
    return [problem.kind for problem in loops.problems.open()]


def test_a_full_spool_pauses_reading_without_counting_as_a_stall(loops: Loops, steady: SteadyClock) -> None:
    """For an hour it waits, and says so in status, metric and problem; when there is room it is over."""
    ingest = ingest_of(loops, steady, spool_limit=0)
    ingest.take("agent", batch_of(0, ids_of(0, 5)))
    source = ListSource([batch_of(1, ids_of(5, 9))])
    polling = Polling(ingest, loops.problems, lambda: NOW, loops.stop, lambda _: "", steady)
    polling.add(source, "acme", timedelta(minutes=10))
    thread = threading.Thread(target=polling.poll, args=(polling.sources[source.name],))
    thread.start()
    wait_for(lambda: "ingest-paused" in kinds(loops))
    for _ in range(6):
        steady.seconds += STALLED_AFTER
        wait_for(lambda: not ingest.progress.stalled())
    (status,) = polling.status(NOW)
    assert status["paused"]["by"] == "spool"
    assert status["paused"]["since"] == NOW.isoformat()
    (problem,) = loops.problems.open()
    assert "reading is paused: the spool" in problem.message
    assert metrics.REGISTRY.get_sample_value("leakline_ingest_paused", {"org": ""}) == 1
    ingest.backpressure = lambda: ""
    thread.join(PATIENCE)
    assert kinds(loops) == []
    assert polling.status(NOW)[0]["paused"] is None
    assert metrics.REGISTRY.get_sample_value("leakline_ingest_paused", {"org": ""}) == 0
    assert loops.event_actions() == ["ingest-paused", "ingest-resumed"]


def test_a_full_disk_pauses_reading_without_counting_as_a_stall(
    loops: Loops, steady: SteadyClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is logged once, not at every look, and told as a problem with the disk for a reason."""
    ingest = ingest_of(loops, steady)
    full, commit = threading.Event(), ingest._line.commit
    full.set()
    looks = []

    def refuse(*arguments: Any) -> object:
        looks.append(steady.seconds)
        if full.is_set():
            raise DiskFull("the state cannot be written", hint="free some space")
        return commit(*arguments)

    monkeypatch.setattr(ingest._line, "commit", refuse)
    with structlog.testing.capture_logs() as logs:
        thread = threading.Thread(target=ingest.read, args=(ListSource([batch_of(1, ids_of(0, 4))]),))
        thread.start()
        wait_for(lambda: "ingest-paused" in kinds(loops))
        steady.seconds += 3 * STALLED_AFTER
        before = len(looks)
        wait_for(lambda: len(looks) > before + 2)
        assert ingest.progress.stalled() == {}
        assert ingest.progress.pauses()["acme/list"].by == "disk"
        full.clear()
        thread.join(PATIENCE)
    assert [entry["event"] for entry in logs].count("ingest paused") == 1
    assert kinds(loops) == []


def test_a_pause_that_outlives_the_daemon_ends_with_the_next_commit(loops: Loops, steady: SteadyClock) -> None:
    """A daemon killed while it waited opens its books with the problem, and closes it once it reads."""
    ingest_of(loops, steady).progress.note_pause("disk", "no room")
    assert kinds(loops) == ["ingest-paused"]
    ingest_of(loops, steady).read(ListSource([batch_of(1, ids_of(0, 4))]))
    assert kinds(loops) == []


def test_a_loop_that_hangs_is_said_once_with_the_stacks_of_all_threads(loops: Loops, steady: SteadyClock) -> None:
    """A problem with the place in our code where it hangs; over when it moves again."""
    ingest, source = ingest_of(loops, steady), HangingSource()
    watch = LoopWatch(loops.problems, ingest.progress.stalled)
    thread = threading.Thread(target=ingest.read, args=(source,), name="poll of acme")
    thread.start()
    assert source.reading.wait(PATIENCE)
    with structlog.testing.capture_logs() as logs:
        watch.look()
        assert kinds(loops) == []
        steady.seconds += STALLED_AFTER + 60
        for _ in range(5):
            watch.look()
    assert [entry["event"] for entry in logs].count("no progress") == 1
    stacks = {thread: entry["frames"] for entry in logs if entry["event"] == "stack" for thread in entry["threads"]}
    assert any("read" in line for line in stacks["poll of acme"])
    assert "MainThread" in stacks
    (problem,) = loops.problems.open()
    assert problem.kind == "loop-stalled"
    assert (
        "acme/hanging has made no progress for 11 minutes; it is at agent/pipeline/read_ahead/reader.py:"
        in problem.message
    )
    source.released.set()
    thread.join(PATIENCE)
    watch.look()
    assert kinds(loops) == []
    assert loops.event_actions() == ["loop-stalled", "loop-recovered"]


def test_the_watch_is_late_when_a_loop_holds_the_state(loops: Loops) -> None:
    """The main thread learns of it without waiting, and feeds no watchdog then."""
    steady = SteadyClock()
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with loops.state.transact():
            held.set()
            release.wait(PATIENCE)

    def look() -> None:
        loops.problems.open()

    watch = Watch([look], loops.stop, steady)
    watch.round()
    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(PATIENCE)
    rounds = threading.Thread(target=watch.round)
    rounds.start()
    steady.seconds += LATE_AFTER + 1
    assert watch.is_late()
    release.set()
    rounds.join(PATIENCE)
    holder.join(PATIENCE)
    assert not watch.is_late()
