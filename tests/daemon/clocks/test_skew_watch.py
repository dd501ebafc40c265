"""A clock that is apart from an org's is told everywhere, while it certainly is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent import metrics
from agent.daemon.clocks.skew_watch import SkewWatch
from agent.sources.salesforce.clock_offset import ClockOffset, OrgClock
from tests.pipeline.fakes import Loops
from tests.store.one_shard import OneShard


class KnownClock(OrgClock):
    """Is as far away as a test says."""

    def __init__(self) -> None:
        self.told: ClockOffset | None = None
        self.forgotten = 0

    @property
    def offset(self) -> ClockOffset | None:
        return self.told

    def forget(self) -> None:
        self.forgotten += 1


@dataclass
class NamedSession:
    clock: KnownClock
    signed_in: bool = True
    org_id: str = "00D000000000001AAA"


@pytest.fixture
def loops(tmp_path: Path) -> Iterator[Loops]:
    loops = Loops(OneShard(tmp_path))
    yield loops
    loops.state.close()


def watch_of(loops: Loops, clock: KnownClock) -> SkewWatch:
    return SkewWatch({"acme": (NamedSession(clock), loops.problems)})


def look(watch: SkewWatch, clock: KnownClock, ahead: float, error: float = 0.4) -> None:
    clock.told = ClockOffset(ahead, error)
    watch.look()


def test_only_what_is_certain_is_a_problem(loops: Loops) -> None:
    """Above five seconds whatever the error is; it is over below four, and each is told once."""
    clock = KnownClock()
    watch = watch_of(loops, clock)
    watch.look()
    look(watch, clock, -5.3)
    assert loops.problems.open() == []
    look(watch, clock, -5.5)
    look(watch, clock, -5.6)
    (problem,) = loops.problems.open()
    assert problem.message.startswith("this machine's clock is 5.5 s behind that of acme (give or take 0.4 s)")
    assert problem.fields == {"leakline.clock.ahead": -5.5, "leakline.clock.error": 0.4}
    look(watch, clock, -4.6)
    assert loops.problems.is_open("clock-skew", "acme")
    look(watch, clock, -4.3)
    assert not loops.problems.is_open("clock-skew", "acme")
    assert loops.event_actions() == ["clock-skew", "clock-agrees"]


def test_a_figure_that_moves_is_written_anew(loops: Loops) -> None:
    """By a fifth or more; a second alone costs no transaction."""
    clock = KnownClock()
    watch = watch_of(loops, clock)
    for ahead in (100, 110, 119, 150):
        look(watch, clock, ahead)
    (problem,) = loops.problems.open()
    assert "150.0 s ahead of" in problem.message
    assert problem.org == "00D000000000001AAA"


def test_a_new_daemon_ends_what_an_earlier_one_saw(loops: Loops) -> None:
    """As soon as it has measured."""
    clock = KnownClock()
    look(watch_of(loops, clock), clock, 60)
    clock.told, later = None, watch_of(loops, clock)
    later.look()
    assert loops.problems.is_open("clock-skew", "acme")
    look(later, clock, 0.1)
    assert not loops.problems.is_open("clock-skew", "acme")


def test_the_metric_has_both_figures(loops: Loops) -> None:
    """By org; and a clock that was set is measured anew."""
    clock = KnownClock()
    watch = watch_of(loops, clock)
    look(watch, clock, 1.5, 0.2)
    names = ("leakline_clock_ahead_seconds", "leakline_clock_ahead_error_seconds")
    assert [metrics.REGISTRY.get_sample_value(name, {"org": "acme"}) for name in names] == [1.5, 0.2]
    watch.forget()
    assert clock.forgotten == 1
