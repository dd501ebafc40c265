"""What is stored beside a batch's alerts, and what costs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime

import polars as pl
import pytest

from agent.batch_steps import BatchSteps, DetectionResult, ResponseResult
from agent.model import Batch
from agent.source import Recall
from agent.store.transaction import Transaction
from tests.pipeline.fakes import (
    AnsweredAlerts,
    CountedResponse,
    ListSource,
    Loops,
    NoDetection,
    batch_of,
    frame_of,
    ids_of,
    plain_steps,
)


class ToyDetection(NoDetection):
    """One alert for each batch."""

    alerts = frame_of(["alert"])


class Journal:
    """Toy steps that store what they see, in the order in which they are called."""

    def __init__(self, loops: Loops) -> None:
        self.calls: list[str] = []
        self.fault: Exception | None = None
        self.answered = AnsweredAlerts(int(loops.state.data("response/alerts") or b"0"))

    def steps(self) -> BatchSteps:
        def detect(batch: Batch, prepared: pl.DataFrame, matches: object, now: datetime) -> ToyDetection:
            self.calls.append("detect")
            return ToyDetection()

        return replace(plain_steps(), detect=detect, respond=self.respond, record=self.record)

    def respond(self, batch: Batch, detection: DetectionResult, now: datetime) -> CountedResponse:
        self.calls.append(f"respond {detection.alerts.height}")
        return self.answered.respond(batch, detection, now)

    def record(
        self, batch: Batch, response: ResponseResult, now: datetime, recall: Recall
    ) -> Mapping[str, bytes | None]:
        self.calls.append(f"record {response.alerts.height} {sorted(response.remember)}")
        if self.fault is not None:
            raise self.fault
        return {f"{len(list(recall.keys('')))}": batch.event_type.encode()}


def test_what_follows_from_alerts_commits_with_the_batch(loops: Loops) -> None:
    """`respond` comes first and sees the alerts, `record` sees what it gave; each has a family of keys of its own."""
    journal = Journal(loops)
    loops.ingest(journal.steps()).read(ListSource([batch_of(1, ids_of(0, 3)), batch_of(2, ids_of(3, 4))]))
    assert journal.calls == ["detect", "respond 1", "record 1 ['alerts']"] * 2
    assert loops.event_ids("alerts") == ["alert", "answer 1", "alert", "answer 2"]
    assert loops.state.data("response/alerts") == b"2"
    assert [loops.state.data(key) for key in loops.state.keys("trail/")] == [b"Thing"] * 2


def test_a_fault_in_a_trail_ends_the_pass_and_nothing_is_committed(loops: Loops) -> None:
    """Neither the batch nor its cursor nor what `respond` gave; tried again, all of it is there once."""
    journal = Journal(loops)
    journal.fault = ZeroDivisionError()
    ingest, source = loops.ingest(journal.steps()), ListSource([batch_of(1, ids_of(0, 3))])
    with pytest.raises(ZeroDivisionError):
        ingest.read(source)
    assert loops.state.keys("response/") + loops.state.keys("trail/") == []
    assert ingest.cursor(source.name) is None
    assert list((loops.state.directory / "spool").iterdir()) == []
    journal.fault = None
    assert ingest.read(source) == 3
    assert loops.state.data("response/alerts") == b"1"
    assert len(loops.state.keys("trail/")) == 1


def test_an_idle_tick_writes_nothing(loops: Loops, monkeypatch: pytest.MonkeyPatch) -> None:
    """No transaction is begun while there is nothing to say, and none of the later steps is called."""
    journal, begun = Journal(loops), []
    steps = replace(plain_steps(), respond=journal.respond, record=journal.record)
    ingest, transact = loops.ingest(steps), loops.state.transact

    def counted(wait: float | None = None) -> AbstractContextManager[Transaction]:
        begun.append(wait)
        return transact(wait)

    monkeypatch.setattr(loops.state, "transact", counted)
    for _ in range(10):
        ingest.tick()
    assert (begun, journal.calls) == ([], [])


def test_a_tick_that_has_something_to_say_commits_it(loops: Loops) -> None:
    """An alert that only the clock brings goes the way of all alerts."""
    journal = Journal(loops)
    loops.ingest(journal.steps()).tick()
    assert loops.spool.end("alerts").sequence == 1
    assert loops.state.data("response/alerts") == b"1"


def test_attempts_count_within_one_process(loops: Loops) -> None:
    """A pass that ends in a fault is tried again by the same process; the fourth time rows are looked for."""

    def shape(frame: pl.DataFrame, batch: Batch, now: datetime) -> pl.DataFrame:
        if frame["event.id"].str.starts_with("poison").any():
            raise RuntimeError("boom")
        return frame

    ingest = loops.ingest(replace(plain_steps(), shape=shape))
    source = ListSource([batch_of(1, ids_of(0, 2)), batch_of(2, [*ids_of(2, 6), "poison"]), batch_of(3, ids_of(6, 9))])
    for _ in range(3):
        with pytest.raises(RuntimeError, match="boom"):
            ingest.read(source)
    assert ingest.read(source) == 7
    assert ingest.cursor(source.name) == "3"


def test_good_passes_are_no_attempts(loops: Loops) -> None:
    """A source that is read day after day without a fault never has its rows tried one by one."""
    prepared: list[int] = []

    def prepare(batch: Batch) -> pl.DataFrame:
        prepared.append(batch.frame.height)
        return batch.frame

    ingest = loops.ingest(replace(plain_steps(), prepare=prepare))
    for number in range(10):
        ingest.read(ListSource([batch_of(number + 1, ids_of(number, number + 1))]))
    assert prepared == [1] * 10
