"""A destination that refuses nearly everything for good: it is stopped, and no day turns into dead letters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.delivery_settings import DeliverySettings, RefusalSettings
from agent.errors import Unavailable
from agent.model import Chunk, Outcome
from agent.pipeline.forward import Forward
from agent.store.queue.refusal_window import RefusalWindow
from agent.store.queue.stopped_lanes import TRY_EVERY
from tests.pipeline.fakes import ListSource, Loops, ScriptedDestination, batch_of, ids_of
from tests.pipeline.test_forward import balanced, raise_alert
from tests.store.one_shard import OneShard

TERMS = DeliverySettings(refusals=RefusalSettings(share=0.5, rows=100))


@pytest.fixture
def loops(tmp_path: Path) -> Iterator[Loops]:
    loops = Loops(OneShard(tmp_path / "state"))
    yield loops
    loops.state.close()


class RefusingDestination(ScriptedDestination):
    """Refuses every `every`-th row of the events for good; 1 for all, 0 for none. Alerts it accepts."""

    every = 1

    def send(self, chunk: Chunk) -> Outcome:
        if self.every and chunk.ids[0].startswith("0000"):
            self.script = [Outcome(rejected=[(row, "no such index") for row in range(0, len(chunk.lines), self.every)])]
        return super().send(chunk)


def fill(loops: Loops, start: int, end: int) -> None:
    first = int(loops.ingest().cursor("acme/list") or 0)
    loops.ingest().read(ListSource([batch_of(first + 1, ids_of(start, end))]))


def stopped(loops: Loops) -> tuple[RefusingDestination, Forward, dict[str, float]]:
    """A destination that was stopped after it refused some of a thousand rows."""
    siem, clock = RefusingDestination(), {"now": 0.0}
    forward = loops.forward(siem, TERMS, monotonic=lambda: clock["now"])
    fill(loops, 0, 1000)
    loops.drain(forward)
    return siem, forward, clock


def test_it_stops_after_a_share_and_number(loops: Loops) -> None:
    """Little more than half the window is dead-lettered; the rest waits, and that is a problem told everywhere."""
    siem, forward, _ = stopped(loops)
    assert loops.dead_letters.count() == 60
    assert forward.pending("events") == 940
    assert balanced(loops, forward)
    problem = next(p for p in loops.problems.open() if p.kind == "destination-stopped")
    assert problem.subject == "siem"
    assert "refused 60 of the last 60 rows of the lane events" in problem.message
    assert "no such index" in problem.message
    assert forward.live_status()["stopped"] == ["events"]
    assert {"destination-stopped", "dead-letters"} <= set(loops.event_actions())
    loops.drain(forward)
    assert loops.dead_letters.count() == 60
    assert siem.sends == 6 + 4  # and the events about it


def test_alerts_go_on(loops: Loops) -> None:
    """Whoever can have events refused cannot silence the alerts about himself."""
    siem, forward, _ = stopped(loops)
    raise_alert(loops, "a" * 32)
    loops.drain(forward)
    assert siem.accepted == ["a" * 32]
    assert loops.dead_letters.count() == 60


def test_some_refusals_stop_nothing(loops: Loops) -> None:
    """Below the share, refused rows are dead letters and the others arrive."""
    siem = RefusingDestination()
    siem.every = 3
    forward = loops.forward(siem, TERMS)
    fill(loops, 0, 1000)
    loops.drain(forward)
    assert loops.dead_letters.count() + len(siem.accepted) == 1000
    assert not loops.problems.is_open("destination-stopped", "siem")


def test_it_goes_on_when_somebody_acknowledges(loops: Loops) -> None:
    """The destination was corrected: delivery goes on at once, and nothing is missing."""
    siem, forward, _ = stopped(loops)
    siem.every = 0
    (problem,) = [p for p in loops.problems.open() if p.kind == "destination-stopped"]
    loops.problems.acknowledge(problem.id, "ada")
    loops.drain(forward)
    assert siem.accepted == ids_of(60, 1000)
    assert forward.live_status()["stopped"] == []
    assert balanced(loops, forward)


def test_one_row_is_tried_now_and_then(loops: Loops) -> None:
    """A refused trial moves nothing; an accepted one opens the lane, which is told."""
    siem, forward, clock = stopped(loops)
    sends = siem.sends
    for minute in range(60):
        clock["now"] = 60.0 * minute
        forward.forward()
    assert siem.sends - sends == 59 * 60 // TRY_EVERY
    assert loops.dead_letters.count() == 60
    assert forward.pending("events") == 940

    siem.every = 0
    clock["now"] += TRY_EVERY
    loops.drain(forward)
    assert siem.accepted == ids_of(60, 1000)
    assert balanced(loops, forward)
    assert loops.event_actions()[-1] == "destination-resumed"


def test_a_trial_of_a_destination_that_is_away_moves_nothing(loops: Loops) -> None:
    """It stays stopped."""
    siem, forward, clock = stopped(loops)
    siem.every = 0
    siem.script = [Unavailable("connection refused")]
    clock["now"] = TRY_EVERY
    assert not forward.forward()
    assert forward.live_status()["stopped"] == ["events"]
    assert balanced(loops, forward)


def test_it_stays_stopped_over_a_restart(loops: Loops) -> None:
    """A service manager that restarts us all the time does not make a day of dead letters after all."""
    siem, _, _ = stopped(loops)
    for _ in range(5):
        again = loops.restarted()
        forward = again.forward(siem, TERMS)
        again.drain(forward)
    assert again.dead_letters.count() == 60
    assert balanced(again, forward)


def test_rows_we_refuse_ourselves_stop_nothing(loops: Loops) -> None:
    """A stream of rows that are too long says nothing about the destination."""
    siem = ScriptedDestination(max_row_bytes=40)
    forward = loops.forward(siem, TERMS)
    loops.ingest().read(ListSource([batch_of(1, [f"{'x' * 60}{number:04}" for number in range(500)])]))
    loops.drain(forward)
    assert not loops.problems.is_open("destination-stopped", "siem")


def test_the_window_slides() -> None:
    """Old answers are forgotten; a window that is not full counts as accepted where it is empty."""
    refusals = RefusalWindow(RefusalSettings(share=0.5, rows=10))
    excessive: list[bool] = []
    for answers in ([(5, 5)], [(1, 1)], [(1, 0)] * 10, [(50, 25)], [(50, 26)]):
        for rows, refused in answers:
            refusals.add(rows, refused)
        if answers[-1] == (1, 0):
            assert (refusals.rows, refusals.refused) == (10, 0)
        excessive.append(refusals.excessive)
    assert excessive == [False, True, False, False, True]
