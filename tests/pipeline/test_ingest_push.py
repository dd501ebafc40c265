"""What is pushed: an answer after the commit, or an error that says that nothing was taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import polars as pl
import pytest

from agent.batch_steps import BatchSteps
from agent.errors import BadDeployment, DiskFull, NoRoom, Shutdown
from agent.model import Batch
from agent.own_event import own_event
from agent.store.attempts import PATIENCE, PushAttempts
from tests.pipeline.fakes import NOW, ListSource, Loops, batch_of, ids_of, plain_steps


def breaking_steps() -> BatchSteps:
    """Steps that rows break whose id says that they are poison, and own events that say so."""

    def shape(frame: pl.DataFrame, batch: Batch, now: datetime) -> pl.DataFrame:
        texts = frame["message"] if "message" in frame.columns else frame["event.id"]
        if texts.str.starts_with("poison").any():
            raise RuntimeError("boom")
        return frame

    return replace(plain_steps(), shape=shape)


def dead_rows(loops: Loops) -> int:
    return sum(frame.height for _, frame in loops.dead_letters.read())


def test_a_full_spool_refuses_at_once(loops: Loops) -> None:
    """The sender is told when to come again, and nobody waits."""
    ingest = loops.ingest(spool_limit=0)
    ingest.push("acme/hook", batch_of(0, ids_of(0, 2)))
    with pytest.raises(NoRoom) as refused:
        ingest.push("acme/hook", batch_of(0, ids_of(2, 4)))
    assert refused.value.retry_after


def test_a_full_disk_refuses_at_once(loops: Loops, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the batch is committed; sent again, it is taken once."""
    ingest = loops.ingest()

    def full(*_: object) -> Any:
        raise DiskFull("no room")

    with monkeypatch.context() as patch:
        patch.setattr(loops.spool, "write", full)
        with pytest.raises(NoRoom, match="no room"):
            ingest.push("acme/hook", batch_of(0, ids_of(0, 2)))
    assert loops.spool.end("events").sequence == 0
    assert ingest.push("acme/hook", batch_of(0, ids_of(0, 2))) == 2


def test_what_is_pushed_together_is_committed_together(loops: Loops) -> None:
    """Batches of several event types are one commit, and where one of them breaks, nothing of the others is taken."""
    ingest = loops.ingest(breaking_steps())
    assert ingest.push("acme/hook", batch_of(0, ids_of(0, 2)), batch_of(0, ids_of(2, 5))) == 5
    assert loops.spool.end("events").sequence == 1
    with pytest.raises(RuntimeError, match="boom"):
        ingest.push("acme/hook", batch_of(0, ids_of(5, 6)), batch_of(0, ["poison"]))
    assert loops.spool.end("events").sequence == 1
    assert loops.state.data("attempt/push/acme/hook") is not None


def test_after_the_stop_nothing_is_taken(loops: Loops) -> None:
    """The sender keeps what it sends."""
    loops.stop.set()
    with pytest.raises(Shutdown):
        loops.ingest().push("acme/hook", batch_of(0, ids_of(0, 2)))
    assert loops.spool.end("events").sequence == 0


def test_poison_that_is_pushed_is_put_aside_after_three_attempts(loops: Loops) -> None:
    """The same batch is known again by its rows, also after a kill; what is sent in between is taken meanwhile."""
    poisonous = batch_of(0, [*ids_of(0, 4), "poison", *ids_of(4, 8)])
    for number in range(PATIENCE):
        ingest = loops.ingest(breaking_steps())  # as of another process
        with pytest.raises(RuntimeError, match="boom"):
            ingest.push("acme/hook", poisonous)
        assert ingest.push("acme/hook", batch_of(0, ids_of(10 + number, 11 + number))) == 1
    assert loops.ingest(breaking_steps()).push("acme/hook", poisonous) == 8
    assert dead_rows(loops) == 1
    assert loops.state.data("attempt/push/acme/hook") is None


def test_an_own_event_that_breaks_a_step_does_not_block_the_others(loops: Loops) -> None:
    """After three attempts it is a dead letter, and is waited for no more."""
    ingest = loops.ingest(breaking_steps())
    event = replace(own_event("", "test-event", "poison", NOW), remember={"outbox/1": None})
    for _ in range(PATIENCE):
        with pytest.raises(RuntimeError):
            ingest.take("agent", event)
    assert ingest.take("agent", event) == 0
    assert dead_rows(loops) == 1


def test_attempts_are_counted_before_the_work(loops: Loops) -> None:
    """A process killed in the middle leaves the count behind."""
    attempts = PushAttempts(loops.state, "push/acme/hook")
    for expected in (False, False, False, True):
        with attempts.attempt("batch") as exhausted:
            assert exhausted is expected


def test_many_pushes_that_fail_are_counted_in_bounded_room(loops: Loops) -> None:
    """The oldest is forgotten first."""
    attempts = PushAttempts(loops.state, "push/acme/hook")
    for number in range(300):
        with attempts.attempt(f"{number:032x}"):
            pass
    assert len(loops.state.data("attempt/push/acme/hook") or b"") < 5_000


def test_a_source_of_which_most_rows_break_stops(loops: Loops) -> None:
    """It is the deployment that is bad then: nothing becomes a dead letter, and a problem says so until rows go through."""
    ids = [f"poison{number}" for number in range(60)] + ids_of(0, 40)
    source = ListSource([batch_of(1, ids)])
    ingest = loops.ingest(breaking_steps())
    for _ in range(PATIENCE):
        with pytest.raises(RuntimeError):
            ingest.read(source)
    for _ in range(3):
        with pytest.raises(BadDeployment, match="more than half of its Thing rows cause an error"):
            ingest.read(source)
    assert (dead_rows(loops), ingest.cursor(source.name)) == (0, None)
    assert [problem.kind for problem in loops.problems.open()] == ["source-stopped"]
    ingest.replace_steps(plain_steps())
    assert ingest.read(source) == 100
    assert loops.problems.open() == []
    assert loops.event_actions() == ["source-stopped", "source-resumed"]


def test_small_batches_of_poison_stop_a_source_as_well(loops: Loops) -> None:
    """Ten rows are enough to judge by, in however many batches they come."""
    batches = [batch_of(number + 1, [f"poison {number} {row}" for row in range(4)]) for number in range(5)]
    ingest, source = loops.ingest(breaking_steps()), ListSource(batches)
    for _ in range(4 * len(batches)):
        with pytest.raises((RuntimeError, BadDeployment)):
            ingest.read(source)
    assert (dead_rows(loops), ingest.cursor(source.name)) == (8, "2")


def test_somebody_who_acknowledges_it_has_the_rows_kept_as_dead_letters(loops: Loops) -> None:
    """Who has looked knows that it is the rows; one word is enough until other rules are loaded."""
    ids = [f"poison{number}" for number in range(20)]
    source = ListSource([batch_of(1, ids), batch_of(2, [f"{event_id} too" for event_id in ids])])
    ingest = loops.ingest(breaking_steps())
    for _ in range(PATIENCE + 1):
        with pytest.raises((RuntimeError, BadDeployment)):
            ingest.read(source)
    (problem,) = loops.problems.open()
    loops.problems.acknowledge(problem.id, "ann")
    for _ in range(PATIENCE):
        with pytest.raises(RuntimeError):
            ingest.read(source)
    assert ingest.read(source) == 0
    assert dead_rows(loops) == 40
