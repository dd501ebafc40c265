"""When jobs have their turns, and in which threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from agent.daemon.schedule import GROWTH, TICK_THREADS, Run, Schedule

HOUR = timedelta(hours=1)


@pytest.fixture
def schedule() -> Iterator[Schedule]:
    schedule = Schedule(4, lambda run: run())
    yield schedule
    schedule.stop()


def test_a_thread_has_the_name_of_the_job_that_it_runs(schedule: Schedule) -> None:
    """So a stop that comes late, and stacks in the log, name what hung."""
    seen: list[str] = []
    done = threading.Semaphore(0)

    def look() -> None:
        seen.append(threading.current_thread().name)
        done.release()

    schedule.add("acme/event_log_file", look, HOUR)
    schedule.add_tick("tick acme", look, HOUR)
    schedule.start()
    for _ in range(2):
        assert done.acquire(timeout=60)
    assert sorted(seen) == ["acme/event_log_file", "tick acme"]


def test_a_tick_that_waits_does_not_hold_the_others(schedule: Schedule) -> None:
    """One less than there are threads may wait, and another shard's is done."""
    waiting, done = threading.Event(), threading.Event()

    def hold() -> None:
        waiting.wait(60)

    for number in range(TICK_THREADS - 1):
        schedule.add_tick(f"tick {number}", hold, HOUR)
    schedule.add_tick("tick last", done.set, HOUR)
    schedule.start()
    try:
        assert done.wait(60)
    finally:
        waiting.set()


def test_first_turns_that_are_spread_come_one_after_the_other(schedule: Schedule) -> None:
    """The first of them at once, and in the order in which they were added; also when turns begin anew."""
    order: list[str] = []
    done = threading.Semaphore(0)

    def note(name: str) -> Run:
        def run() -> None:
            order.append(name)
            done.release()

        return run

    names = [f"org{number}" for number in range(3)]
    for name in names:
        schedule.add(name, note(name), HOUR, spread=True)
    schedule.start()
    for _ in names:
        assert done.acquire(timeout=60)
    schedule.set_anew()
    for _ in names:
        assert done.acquire(timeout=60)
    assert order == names * 2


def test_jobs_that_come_later_find_threads(schedule: Schedule) -> None:
    """More of them wait at once than there were threads at the start."""
    schedule.start()
    waiting, began = threading.Event(), threading.Semaphore(0)

    def hold() -> None:
        began.release()
        waiting.wait(60)

    for number in range(4 + GROWTH + 1):
        schedule.add(f"org {number}", hold, HOUR)
    try:
        for _ in range(4 + GROWTH + 1):
            assert began.acquire(timeout=60)
    finally:
        waiting.set()


def test_a_job_that_is_withdrawn_has_no_further_turn(schedule: Schedule) -> None:
    """Its name is free for another one, also when it never was there."""
    first, second = threading.Event(), threading.Event()
    schedule.start()
    schedule.add("acme/event_log_file", first.set, HOUR, spread=True)
    assert first.wait(60)
    first.clear()
    schedule.withdraw("acme/event_log_file")
    schedule.release("acme/event_log_file")
    schedule.withdraw("globex/event_log_file")
    schedule.set_anew()
    schedule.add("acme/event_log_file", second.set, HOUR, spread=True)
    assert second.wait(60)
    assert not first.is_set()
