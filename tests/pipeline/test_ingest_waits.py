"""Who waits for whom in ingest: a batch that is held up holds up its org's batches and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from agent.batch_steps import BatchSteps
from agent.errors import Shutdown
from agent.model import Batch
from agent.own_event import own_event
from agent.pipeline.ingest import Ingest
from tests.pipeline.fakes import NOW, ListSource, Loops, NoDetection, batch_of, ids_of, plain_steps
from tests.store.one_shard import OneShard

PATIENCE = 60.0
"""Seconds until a test gives up waiting; never a measure of speed."""


class Gate:
    """Steps whose `prepare` waits until it is opened, but for Leakline's own events."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def steps(self) -> BatchSteps:
        def prepare(batch: Batch) -> pl.DataFrame:
            if batch.source != "agent":
                self.reached.set()
                assert self.opened.wait(PATIENCE)
            return batch.frame

        return replace(plain_steps(), prepare=prepare)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Loops]:
    """Another org's stores."""
    loops = Loops(OneShard(tmp_path / "other"))
    yield loops
    loops.state.close()


@pytest.fixture
def started() -> Iterator[Callable[[Callable[[], object]], threading.Thread]]:
    """Starts work in a thread, which has ended when the test has."""
    threads: list[threading.Thread] = []

    def start(work: Callable[[], object]) -> threading.Thread:
        threads.append(threading.Thread(target=work))
        threads[-1].start()
        return threads[-1]

    yield start
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_an_org_that_is_held_up_holds_up_no_other_and_neither_clock_nor_own_events(
    loops: Loops, other: Loops, started: Callable[[Callable[[], object]], threading.Thread]
) -> None:
    """While one org's look-up hangs, another org's batch, both ticks, own events of both and a push are taken."""
    gate = Gate()
    held, free = loops.ingest(gate.steps()), other.ingest()
    started(lambda: held.read(ListSource([batch_of(1, ids_of(0, 3))])))
    assert gate.reached.wait(PATIENCE)
    assert free.read(ListSource([batch_of(1, ids_of(3, 5))], "beta/list")) == 2
    for ingest in (held, free):
        ingest.tick()
        assert ingest.take("agent", own_event("", "test-event", "it goes on", NOW)) == 1
    assert free.push("beta/hook", batch_of(0, ids_of(5, 6))) == 1
    assert held.cursor("acme/list") is None
    gate.opened.set()


def test_a_batch_that_waits_to_be_prepared_hears_the_stop(
    loops: Loops, started: Callable[[Callable[[], object]], threading.Thread]
) -> None:
    """Told to stop, it does not wait for the look-up of another batch; its sender is told so."""
    gate = Gate()
    ingest = loops.ingest(gate.steps())
    started(lambda: ingest.read(ListSource([batch_of(1, ids_of(0, 3))])))
    assert gate.reached.wait(PATIENCE)
    loops.stop.set()
    with pytest.raises(Shutdown):
        ingest.push("acme/hook", batch_of(0, ids_of(3, 4)))
    assert ingest.read(ListSource([batch_of(1, ids_of(4, 5))], "acme/second")) == 0
    gate.opened.set()


def test_rules_that_are_replaced_meanwhile_see_the_batch(
    loops: Loops, started: Callable[[Callable[[], object]], threading.Thread]
) -> None:
    """A batch that was matched by the rules of before goes through those of now: what detection learns is theirs."""
    gate, detected = Gate(), []

    def detecting(name: str, steps: BatchSteps) -> BatchSteps:
        def detect(batch: Batch, prepared: pl.DataFrame, matches: object, now: datetime) -> NoDetection:
            detected.append((name, matches))
            return NoDetection()

        return replace(steps, detect=detect, match=lambda batch, prepared: f"by the {name} rules")

    ingest = loops.ingest(detecting("old", gate.steps()))
    read = started(lambda: ingest.read(ListSource([batch_of(1, ids_of(0, 3))])))
    assert gate.reached.wait(PATIENCE)
    ingest.replace_steps(detecting("new", plain_steps()))
    ingest.tick()
    gate.opened.set()
    read.join(PATIENCE)
    assert detected == [("new", "by the new rules")] * 2
    assert ingest.cursor("acme/list") == "1"


def test_a_tick_waits_for_the_commit_in_hand(
    loops: Loops, started: Callable[[Callable[[], object]], threading.Thread]
) -> None:
    """Detection sees one batch at a time: the next one only once the one before is stored."""
    inside, go_on, order = threading.Event(), threading.Event(), []

    def detect(batch: Batch, prepared: pl.DataFrame, matches: object, now: datetime) -> NoDetection:
        order.append(f"detect {batch.source}")
        if batch.source == "list":
            inside.set()
            assert go_on.wait(PATIENCE)
        return NoDetection()

    ingest: Ingest = loops.ingest(replace(plain_steps(), detect=detect))
    ingest._watch = lambda commit: order.append(f"committed {commit.batch.source}")
    read = started(lambda: ingest.read(ListSource([batch_of(1, ids_of(0, 3))])))
    assert inside.wait(PATIENCE)
    tick = started(ingest.tick)
    go_on.set()
    read.join(PATIENCE)
    tick.join(PATIENCE)
    assert order.index("detect agent") > order.index("detect list")
    assert ingest.cursor("acme/list") == "1"
