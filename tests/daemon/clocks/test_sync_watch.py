"""A clock that no time service keeps is a problem after an hour; one that may not be asked about is neither good nor bad."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent import metrics
from agent.daemon.clocks.sync_watch import EVERY, LONG, SyncWatch
from agent.status.times import KernelClock
from tests.pipeline.fakes import Loops
from tests.store.one_shard import OneShard

KEPT, DRIFTING, SILENT = (
    KernelClock("synchronised", 0.02),
    KernelClock("unsynchronised", 16.0),
    KernelClock("may_not_ask"),
)


@pytest.fixture
def loops(tmp_path: Path) -> Iterator[Loops]:
    loops = Loops(OneShard(tmp_path))
    yield loops
    loops.state.close()


@dataclass
class AskedKernel:
    """Answers what a test says, and the watch that asks it."""

    loops: Loops
    answer: KernelClock = KEPT
    deadly: bool = False
    now: float = 0.0
    questions: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.watch = SyncWatch(
            self.loops.problems, question=self._ask, is_deadly=lambda: self.deadly, steady=lambda: self.now
        )

    def _ask(self) -> KernelClock:
        self.questions.append(self.now)
        return self.answer

    def after(self, seconds: float, answer: KernelClock | None = None) -> bool:
        """Whether the problem is open then; looked at every minute until then."""
        self.answer, until = answer or self.answer, self.now + seconds
        while self.now < until:
            self.now = min(until, self.now + EVERY)
            self.watch.look()
        return self.loops.problems.is_open("clock-unsynchronised", "host")


def test_an_hour_without_a_time_service_is_a_problem(loops: Loops) -> None:
    """And it is over with the first sign of one."""
    kernel = AskedKernel(loops)
    assert not kernel.after(EVERY)
    assert not kernel.after(LONG, DRIFTING)
    assert kernel.after(EVERY)
    assert loops.problems.open()[0].fields == {"leakline.clock.max_error": 16.0}
    assert not kernel.after(EVERY, KEPT)
    assert loops.event_actions() == ["clock-unsynchronised", "clock-synchronised"]
    assert not kernel.after(LONG, DRIFTING)


def test_the_kernel_is_asked_once_a_minute(loops: Loops) -> None:
    """However often the watch looks."""
    kernel = AskedKernel(loops)
    for second in range(121):
        kernel.now = float(second)
        kernel.watch.look()
    assert kernel.questions == [0, 60, 120]


def test_what_somebody_has_acknowledged_is_not_told_again(loops: Loops) -> None:
    """Until a time service keeps the clock again and fails again."""
    kernel = AskedKernel(loops)
    assert kernel.after(LONG + 2 * EVERY, DRIFTING)
    assert loops.problems.acknowledge(loops.problems.open()[0].id, "ann") is not None
    assert not kernel.after(2 * LONG)
    kernel.after(EVERY, KEPT)
    assert kernel.after(LONG + 2 * EVERY, DRIFTING)


def test_a_question_that_would_be_deadly_is_not_asked(loops: Loops) -> None:
    """The clock is not known then, which is no problem and no good news."""
    kernel = AskedKernel(loops, deadly=True)
    assert not kernel.after(2 * LONG, DRIFTING)
    assert (kernel.questions, kernel.watch.clock) == ([], SILENT)
    assert metrics.REGISTRY.get_sample_value("leakline_clock_synchronised") == -1


def test_a_problem_ends_where_nobody_can_tell_any_more(loops: Loops) -> None:
    """Also one of an earlier run: the daemon's filter may be another one now."""
    assert AskedKernel(loops).after(LONG + 2 * EVERY, DRIFTING)
    later = AskedKernel(loops)
    assert not later.after(EVERY, SILENT)
    assert metrics.REGISTRY.get_sample_value("leakline_clock_synchronised") == -1
