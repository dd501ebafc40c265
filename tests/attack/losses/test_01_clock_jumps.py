"""The wall clock jumps: reading goes on, and it shows everywhere until the clock is right or is said to be."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.daemon.clocks.clock_watch import ClockWatch
from agent.daemon.reading.polling import Polling
from agent.daemon.reading.source_failures import ORG_PAUSE
from agent.daemon.schedule import IntervalTrigger, Schedule
from agent.errors import LimitExceeded
from agent.store.problems import Problems
from agent.store.state import State
from tests.attack.four_places import assert_told_everywhere, own_events, problems_of, status_of
from tests.end_to_end.agent_process import AgentProcess
from tests.pipeline.fakes import NOW, Loops, batch_of, ids_of
from tests.store.one_shard import OneShard

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
THREE_HOURS = timedelta(hours=3)


@dataclass
class Clocks:
    """A wall clock that can be set, and one that cannot."""

    wall: datetime = NOW
    steady: float = 1000.0

    def pass_by(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.steady += seconds


@dataclass
class WatchUnderTest:
    """A clock watch over clocks that the test sets."""

    problems: Problems
    clocks: Clocks = field(default_factory=Clocks)
    set_anew: int = 0
    boot: str = "this run"

    def __post_init__(self) -> None:
        self.watch = ClockWatch(
            self.problems,
            now=lambda: self.clocks.wall,
            jumped=self._jumped,
            steady=lambda: self.clocks.steady,
            boot=self.boot,
        )

    def _jumped(self) -> None:
        self.set_anew += 1

    def look(self, seconds: float = 1.0) -> list[str]:
        """A second later: the messages of what is open."""
        self.clocks.pass_by(seconds)
        self.watch.look()
        return [problem.message for problem in self.problems.open() if problem.kind == "clock-jumped"]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = OneShard(tmp_path / "state")
    yield state
    state.close()


@pytest.fixture
def watched(state: State) -> WatchUnderTest:
    clocks = Clocks()
    return WatchUnderTest(Problems(state, lambda: clocks.wall), clocks)


@pytest.mark.parametrize(
    ("jump", "words"), [(-THREE_HOURS, "jumped back by 3 h 0 min"), (THREE_HOURS, "jumped forward by")]
)
def test_a_jump_is_a_problem_until_the_clock_is_right(watched: WatchUnderTest, jump: timedelta, words: str) -> None:
    """It says from when to when; the schedule is set anew at the jump, and again when the clock is put right."""
    assert watched.look() == []
    watched.clocks.wall += jump
    (message,) = watched.look()
    assert words in message
    assert (
        f"from {watched.clocks.wall - jump:%Y-%m-%d %H:%M:%S} UTC to {watched.clocks.wall:%Y-%m-%d %H:%M:%S}" in message
    )
    assert watched.set_anew == 1
    assert watched.look() == [message]
    assert watched.set_anew == 1
    watched.clocks.wall -= jump
    assert watched.look() == []
    assert watched.set_anew == 2
    told = [batch.frame["event.action"][0] for batch in watched.problems.events()]
    assert told == ["clock-jumped", "clock-right"]


def test_an_acknowledged_jump_is_the_clock_from_then_on(watched: WatchUnderTest) -> None:
    """Who says that the clock is right as it is hears no more of it, until it jumps from there."""
    watched.look()
    watched.clocks.wall -= THREE_HOURS
    watched.look()
    (problem,) = watched.problems.open()
    watched.problems.acknowledge(problem.id, "somebody")
    assert watched.look() == []
    assert watched.look() == []
    watched.clocks.wall += THREE_HOURS
    assert "jumped forward by 3 h 0 min" in watched.look()[0]


def test_keeping_a_clock_right_is_no_jump(watched: WatchUnderTest) -> None:
    """A machine that sleeps, and half a second's correction every minute for a day, are nothing to tell."""
    watched.look(seconds=8 * 3600)
    for _ in range(24 * 60):
        watched.clocks.wall -= timedelta(seconds=0.5)
        assert watched.look(seconds=60) == []
    assert watched.set_anew == 0


def test_many_small_steps_are_one_jump(watched: WatchUnderTest) -> None:
    """A clock that is set back by twenty seconds every second is noticed although no step is long."""
    watched.look()
    for _ in range(3):
        watched.clocks.wall -= timedelta(seconds=20)
        watched.look()
    assert len(watched.look()) == 1
    assert watched.set_anew == 1


def test_a_daemon_started_anew_still_knows_the_jump(watched: WatchUnderTest, state: State) -> None:
    """While the machine runs on, the problem ends when the clock is right; a machine started anew takes its clock as right."""
    watched.look()
    watched.clocks.wall -= THREE_HOURS
    watched.look()
    again = WatchUnderTest(Problems(state, lambda: watched.clocks.wall), watched.clocks)
    assert len(again.look()) == 1
    again.clocks.wall += THREE_HOURS
    assert again.look() == []
    again.clocks.wall -= THREE_HOURS
    assert len(again.look()) == 1
    assert WatchUnderTest(Problems(state, lambda: watched.clocks.wall), watched.clocks, boot="another run").look() == []


def test_all_turns_that_a_jump_of_years_missed_are_one() -> None:
    """The schedule does not list the millions of turns between then and now."""
    trigger = IntervalTrigger(timedelta(seconds=5))
    now = NOW + timedelta(days=3650)
    following = trigger.get_next_fire_time(NOW, now)
    assert following == now + timedelta(seconds=5)
    assert trigger.get_next_fire_time(NOW, NOW) == NOW + timedelta(seconds=5)


def test_a_schedule_set_anew_has_its_turns_at_once() -> None:
    """A job whose next turn lies an hour ahead runs now."""
    ran = threading.Semaphore(0)
    schedule = Schedule(1, lambda run: run())
    schedule.add("job", ran.release, timedelta(hours=1))
    schedule.start()
    try:
        assert ran.acquire(timeout=60)
        schedule.set_anew()
        assert ran.acquire(timeout=60)
    finally:
        schedule.stop()


@dataclass
class LimitedSource:
    """A source whose allowance is used up once."""

    name: str = "acme/one"
    reads: int = 0

    def read(self, after: object) -> Generator[Any]:
        self.reads += 1
        if self.reads == 1:
            raise LimitExceeded("TotalRequests Limit exceeded.")
        yield batch_of(self.reads, ids_of(self.reads, self.reads + 1))


def test_a_rest_is_as_long_as_it_is_whatever_the_clock_says(loops: Loops) -> None:
    """An org that rests when the clock goes back is read again when the rest is over, not three hours later."""
    clocks, source = Clocks(), LimitedSource()
    polling = Polling(
        loops.ingest(), loops.problems, lambda: clocks.wall, loops.stop, lambda _: "", steady=lambda: clocks.steady
    )
    polling.add(source, "acme", timedelta(minutes=10))
    (polled,) = polling.sources.values()
    polling.poll(polled)
    clocks.wall -= THREE_HOURS
    clocks.pass_by(ORG_PAUSE.total_seconds() - 1)
    polling.poll(polled)
    assert source.reads == 1
    (status,) = polling.status(clocks.wall)
    assert status["resumes_at"] == (clocks.wall + timedelta(seconds=1)).isoformat()
    clocks.pass_by(1)
    polling.poll(polled)
    assert source.reads == 2


def test_a_success_in_the_future_is_not_ok(loops: Loops) -> None:
    """A source last read at a time that has not come says so in its state."""
    source = LimitedSource(reads=1)
    polling = Polling(loops.ingest(), loops.problems, lambda: NOW, loops.stop, lambda _: "")
    polling.add(source, "acme", timedelta(minutes=10))
    (polled,) = polling.sources.values()
    polling.poll(polled)
    assert polling.status(NOW)[0]["problem"] == ""
    assert "in the future" in polling.status(NOW - THREE_HOURS)[0]["problem"]


def test_a_turn_that_never_comes_is_a_stall(loops: Loops) -> None:
    """Whatever stops the schedule, a source that nobody reads is noticed by the clock that does not jump."""
    clocks = Clocks()
    polling = Polling(
        loops.ingest(), loops.problems, lambda: clocks.wall, loops.stop, lambda _: "", steady=lambda: clocks.steady
    )
    polling.add(LimitedSource(), "acme", timedelta(minutes=10))
    clocks.steady += 600 + 599
    assert polling.overdue() == {}
    clocks.steady += 2
    assert "its poll, every 0:10:00, is overdue" in polling.overdue()["acme/one"]


@pytest.mark.attack
@pytest.mark.skipif(FAKETIME is None, reason="needs libfaketime: apt-get install libfaketime")
def test_a_running_daemon_goes_on_reading_when_the_clock_goes_back_three_hours(
    document: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status, exit status, log and SIEM tell it; polls go on; once the clock is right the problem is over by itself."""
    stamp = tmp_path / "clock"
    stamp.write_text("+0")
    document["orgs"][0]["sources"][0] |= {"every": "2s", "event_types": ["Login"]}
    agent = AgentProcess(tmp_path, document)
    with monkeypatch.context() as patched:
        patched.setenv("LD_PRELOAD", str(FAKETIME))
        patched.setenv("FAKETIME_TIMESTAMP_FILE", str(stamp))
        patched.setenv("FAKETIME_CACHE_DURATION", "1")
        patched.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        patched.setenv("DONT_FAKE_MONOTONIC", "1")
        agent.start()
    agent.wait_for(lambda: agent.status()["sources"][0]["last_success"])

    _set(stamp, "-3h")
    assert_told_everywhere(agent, "clock-jumped", tmp_path / "out")
    assert "jumped back by 3 h 0 min" in problems_of(agent, "clock-jumped")[0]["message"]

    def read_since_then() -> bool:
        read = agent.status()["sources"][0]["last_success"]
        return bool(datetime.fromisoformat(read) < datetime.now(UTC) - timedelta(hours=2))

    agent.wait_for(read_since_then)
    first = agent.status()["sources"][0]["last_success"]
    agent.wait_for(lambda: agent.status()["sources"][0]["last_success"] != first)

    _set(stamp, "+0")
    agent.wait_for(lambda: not problems_of(agent, "clock-jumped"))
    agent.wait_for(lambda: own_events(tmp_path / "out", "clock-right"))
    assert "clock-jumped" not in status_of(agent.settings).stdout
    right = agent.status()["sources"][0]["last_success"]
    agent.wait_for(lambda: agent.status()["sources"][0]["last_success"] != right)
    assert agent.stop() == 0


def _set(stamp: Path, offset: str) -> None:
    """In one step: a clock that reads an empty file is no clock."""
    new = stamp.with_suffix(".new")
    new.write_text(offset)
    os.replace(new, stamp)  # noqa: PTH105 - Path.replace is the same
