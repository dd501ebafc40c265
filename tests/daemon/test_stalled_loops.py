"""Loops that hang: named, told once, with the stacks of all threads in the log, however many orgs there are."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from structlog.testing import capture_logs

from agent import stacks
from agent.daemon.liveness import Liveness
from agent.daemon.loop_watch import DUMP_EVERY, LoopWatch
from agent.pipeline.progress import STALLED_AFTER, Progress
from tests.end_to_end.agent_process import PATIENCE
from tests.pipeline.fakes import NOW, Loops


@dataclass
class SteadyClock:
    """Seconds, moved by a test."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> SteadyClock:
    return SteadyClock()


@pytest.fixture
def progress(loops: Loops, clock: SteadyClock) -> Progress:
    return Progress(loops.problems, lambda: NOW, clock)


@contextmanager
def hanging(progress: Progress, loop: str) -> Iterator[None]:
    """A thread that works as `loop` and does not move."""
    began, release = threading.Event(), threading.Event()

    def hang() -> None:
        with progress.of(loop):
            began.set()
            release.wait()

    thread = threading.Thread(target=hang, name=f"thread of {loop}")
    thread.start()
    assert began.wait(PATIENCE)
    try:
        yield
    finally:
        release.set()
        thread.join(PATIENCE)


def stacks_in(logs: list[Any]) -> list[Any]:
    return [entry for entry in logs if entry["event"] == "stack"]


def test_loops_of_orgs_are_named_and_logged_once(loops: Loops, progress: Progress, clock: SteadyClock) -> None:
    """A poll, a tick and a look-up of orgs that hang for one cause are three problems of the process and one log of stacks;
    each ends as soon as its loop moves.
    """
    watch = LoopWatch(loops.problems, progress.stalled, clock)
    names = ["acme/event_log_file", "tick acme", "look-up other"]
    with capture_logs() as logs:
        with ExitStack() as held:
            for name in names:
                held.enter_context(hanging(progress, name))
                clock.seconds += 1
            clock.seconds = STALLED_AFTER + 0.5
            for _ in range(5):
                watch.look()
                clock.seconds += 1
            assert {problem.subject for problem in loops.problems.open()} == set(names)
        watch.look()
    assert loops.problems.open() == []
    assert [entry["loop"] for entry in logs if entry["event"] == "no progress"] == names
    logged = [name for entry in stacks_in(logs) for name in entry["threads"]]
    assert all(logged.count(f"thread of {name}") == 1 for name in names)


def test_a_loop_that_stalls_long_afterwards_is_logged_anew(
    loops: Loops, progress: Progress, clock: SteadyClock
) -> None:
    """It may have moved since the last log of stacks, which then does not show where it hangs."""
    watch = LoopWatch(loops.problems, progress.stalled, clock)
    with hanging(progress, "tick acme"):
        clock.seconds = STALLED_AFTER + 1
        watch.look()
        with hanging(progress, "tick other"), capture_logs() as logs:
            clock.seconds += STALLED_AFTER + DUMP_EVERY
            watch.look()
            assert "thread of tick other" in [name for entry in stacks_in(logs) for name in entry["threads"]]


def test_the_watchdog_leaves_the_stacks_of_a_stalled_loop_to_the_watch(clock: SteadyClock, progress: Progress) -> None:
    """Else every stall would be logged twice; when the watch hangs itself, it logs them."""
    liveness = Liveness(progress.stalled)
    with hanging(progress, "tick acme"), capture_logs() as logs:
        clock.seconds = STALLED_AFTER + 1
        assert not liveness.is_well()
        assert stacks_in(logs) == []
        liveness.watch_is_late = lambda: True
        assert not liveness.is_well()
        assert not liveness.is_well()
        assert [name for entry in stacks_in(logs) for name in entry["threads"]].count("thread of tick acme") == 1


def test_many_threads_that_wait_are_one_line(progress: Progress) -> None:
    """A pool of a hundred idle threads is one stack, and the thread that hangs elsewhere comes before it."""
    release = threading.Event()
    pool = [threading.Thread(target=release.wait, name=f"pool {number}") for number in range(100)]
    for thread in pool:
        thread.start()
    until = time.monotonic() + PATIENCE
    entries: list[Any] = []
    try:
        with hanging(progress, "tick acme"):
            while not entries or entries[-1]["count"] < 100:  # until the last of them waits where the others do
                assert time.monotonic() < until
                with capture_logs() as logs:
                    stacks.log_all()
                entries = stacks_in(logs)
    finally:
        release.set()
        for thread in pool:
            thread.join(PATIENCE)
    assert len(entries) <= stacks.STACKS
    assert len(entries[-1]["threads"]) == stacks.NAMES
    assert any("thread of tick acme" in entry["threads"] for entry in entries[:-1])
