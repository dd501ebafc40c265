"""The thread of the clocks: it wakes for what is due, costs nothing while nothing is, and no trouble of a shard loses anything."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agent.daemon.notice.clock_loop import ClockLoop
from agent.daemon.turns.incident_loop import LoopParts
from agent.notice.clock import CLOCKS, decode
from agent.notice.clocks.shelf import CurrentBasis
from agent.notice.incidents.book import IncidentBook
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.regimes.pack import shipped
from agent.notice.settings import NoticeSettings
from agent.pipeline.progress import FULL_DISK_PAUSE
from agent.store import keys
from agent.store.state import StateRecall
from tests.notice.clocks.life import BEGIN, Life
from tests.store.contract.members import DirectoryHarness

GERMAN = NoticeSettings(zone="Europe/Berlin", jurisdictions=["eu"])
HOUR = timedelta(hours=1)
SA = "eu-gdpr-33/sa"


@dataclass
class OneShard:
    """A shard, as the loop sees it."""

    incidents: IncidentBook
    desk: IncidentDesk


@dataclass
class LoopOfLife:
    """A loop over the shard of a life, whose clock and steady clock the test moves."""

    life: Life
    entered: Callable[[str], AbstractContextManager[bool]] = lambda _: nullcontext(True)
    steady: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        life = self.life
        parts = LoopParts(life.directory, self.shards, self.entered, self.stop, lambda: life.now, lambda: self.steady)
        self.loop = ClockLoop(parts)
        self.loop.basis = CurrentBasis.of(GERMAN, shipped())

    def shards(self) -> dict[str, OneShard]:
        return {"acme": OneShard(self.life.book, self.life.desk)}

    def pass_to(self, now: datetime) -> None:
        """Both clocks go on by as much."""
        self.steady += (now - self.life.now).total_seconds()
        self.life.now = now


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    made = Life(tmp_path / "state", GERMAN)
    yield made
    made.close()


def settle(made: LoopOfLife) -> None:
    """Turn until nothing is due."""
    for _ in range(5):
        if made.loop.turn() == 0:
            return
    raise AssertionError("there is always something due")


def test_what_is_stored_is_reckoned_and_what_is_due_is_said(life: Life) -> None:
    """Without a word from whoever stored it."""
    made = LoopOfLife(life)
    settle(made)
    life.open()
    settle(made)
    assert life.actions() == ["clock-started"]
    made.pass_to(BEGIN + 24 * HOUR)
    settle(made)
    assert life.actions() == ["clock-started", "clock-presumed", "clock-changed"]


def test_a_full_disk_pauses_a_shard_and_loses_nothing(life: Life, tmp_path: Path) -> None:
    """What could not be stored is said once there is room, once; until then nothing is tried at every look."""
    made, harness = LoopOfLife(life), DirectoryHarness(tmp_path)
    harness._opened = life.directory
    life.open()
    settle(made)
    made.pass_to(BEGIN + 80 * HOUR)
    with harness.no_room():
        assert made.loop.turn() == 0
    assert life.actions() == ["clock-started"]
    assert made.loop.turn() == 0  # it rests
    made.steady += FULL_DISK_PAUSE
    settle(made)
    assert life.actions() == ["clock-started", "clock-presumed", "clock-changed", "clock-shadow-passed"]


def test_a_clock_that_is_set_forward_is_the_cause(life: Life) -> None:
    """Of what is said late because of it: by the steady clock only a second has passed."""
    made = LoopOfLife(life)
    life.open()
    settle(made)
    life.now = BEGIN + 80 * HOUR
    made.steady += 1
    settle(made)
    ((_, message),) = life.events("clock-shadow-passed")
    assert message.endswith("late by 8 hours: the machine's clock was set forward by 80 hours")


def test_a_shard_that_is_replaced_is_left_alone(life: Life) -> None:
    """And looked at when the new one may be worked on."""
    may_work = False

    @contextmanager
    def entered(_: str) -> Iterator[bool]:
        yield may_work

    made = LoopOfLife(life, entered)
    life.open()
    made.loop.turn()
    assert life.actions() == []
    may_work = True
    settle(made)
    assert life.actions() == ["clock-started"]


def test_a_shard_that_was_built_anew_is_read_anew(life: Life) -> None:
    """Its timers are those that are stored."""
    made = LoopOfLife(life)
    life.open()
    settle(made)
    life.book = IncidentBook(StateRecall(life.state, keys.RESPONSE.prefix))
    life.desk = IncidentDesk(
        life.state, life.problems, life.book, nullcontext, life.desk._record, GERMAN, lambda: life.now
    )
    made.pass_to(BEGIN + 24 * HOUR)
    settle(made)
    assert life.actions() == ["clock-started", "clock-presumed", "clock-changed"]


def test_the_thread_ends_with_the_stop_event_and_works_until_then(life: Life) -> None:
    """It finds what another thread stored within seconds."""
    life.open()
    made = LoopOfLife(life)
    thread = threading.Thread(target=made.loop.run)
    thread.start()
    try:
        until = time.monotonic() + 30
        while not life.desk.recall(CLOCKS + "inc-1") and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        made.stop.set()
        thread.join()
    assert any(clock.id == SA for clock in decode(life.desk.recall(CLOCKS + "inc-1")))


def test_a_hundred_idle_shards_are_not_read(life: Life) -> None:
    """After the first look: their states may even be closed."""
    made = LoopOfLife(life)
    shard = OneShard(life.book, life.desk)
    parts = LoopParts(
        life.directory,
        lambda: {f"org-{number}": shard for number in range(100)},
        lambda _: nullcontext(True),
        made.stop,
        lambda: life.now,
    )
    made.loop = ClockLoop(parts)
    for _ in range(3):
        made.loop.turn()
    life.directory.close()
    began = time.process_time()
    assert made.loop.turn() == 0
    assert time.process_time() - began < 0.05
    life.start()


def test_a_storm_leaves_the_others_their_turn_and_ends(life: Life) -> None:
    """What a shard does not get done in its time it does at its next turns, also where all are brought to another basis."""
    made = LoopOfLife(life)
    for number in range(30):
        life.open(f"inc-{number}")
    seconds = iter(range(0, 10_000, 2))
    made.loop._steady = lambda: float(next(seconds))
    assert 0 < made.loop.turn() < 30
    while made.loop.turn():
        pass
    made.loop.basis = CurrentBasis.of(GERMAN.model_copy(update={"jurisdictions": ["eu", "uk"]}), shipped())
    turns = 0
    while made.loop.turn():
        turns += 1
    assert turns > 1
    assert all("uk-gdpr-33/ico" in life.all_clocks(f"inc-{number}") for number in range(30))
