"""Large batches are prepared by the thread that reads ahead: what of it counts, and what is prepared in its turn as ever."""

from __future__ import annotations

import threading
from dataclasses import replace

import polars as pl
import pytest

from agent.batch_steps import BatchSteps
from agent.model import Batch
from agent.pipeline.ingest import Ingest
from agent.pipeline.read_ahead.batch_group import MOST_ROWS
from tests.pipeline.fakes import ListSource, Loops, NoDetection, batch_of, ids_of, plain_steps

PATIENCE = 60.0
"""Seconds until a test gives up waiting; never a measure of speed."""


def large(*numbers: int) -> list[Batch]:
    return [batch_of(number, ids_of(number * MOST_ROWS, (number + 1) * MOST_ROWS)) for number in numbers]


class Prepare:
    """A step that notes which batch it had in which thread, with a column of its own."""

    def __init__(self, version: int = 1, broken: str = "") -> None:
        self.calls: list[tuple[str, str]] = []
        """Cursor, and the name of the thread."""
        self.version = version
        self.broken = broken
        self.reached = threading.Event()
        """Set when the step had the second batch."""

    def __call__(self, batch: Batch) -> pl.DataFrame:
        self.calls.append((str(batch.cursor), threading.current_thread().name))
        if batch.cursor == "2":
            self.reached.set()
        if batch.cursor == self.broken:
            raise ZeroDivisionError(f"batch {batch.cursor}")
        return batch.frame.with_columns(pl.lit(self.version).alias("version"))


def steps_of(prepare: Prepare, waits_for: threading.Event | None = None) -> BatchSteps:
    """Detection of the first batch waits for the event."""

    def detect(batch: Batch, *_: object) -> NoDetection:
        if waits_for and batch.cursor == "1":
            assert waits_for.wait(PATIENCE)
        return NoDetection()

    return replace(plain_steps(), prepare=prepare, detect=detect)


def stored(loops: Loops) -> list[tuple[int, list[int]]]:
    """Of each batch in the spool its rows and the versions of the step that prepared them."""
    entries = (loops.spool.entry("events", number) for number in range(loops.spool.end("events").sequence))
    versions = [loops.spool.read(entry).column("version") for entry in entries if entry is not None]
    return [(len(version), version.unique().to_list()) for version in versions]


def test_a_large_batch_is_prepared_while_the_one_before_commits(loops: Loops) -> None:
    """Once, by the thread that reads; the first one is nobody else's yet."""
    prepare = Prepare()
    ingest = loops.ingest(steps_of(prepare, waits_for=prepare.reached))
    assert ingest.read(ListSource(large(1, 2, 3))) == 3 * MOST_ROWS
    assert sorted(prepare.calls) == [("1", "MainThread"), ("2", "read acme/list"), ("3", "read acme/list")]
    assert stored(loops) == [(MOST_ROWS, [1])] * 3


def test_other_steps_prepare_again(loops: Loops) -> None:
    """What rules and mappings of before made counts no more after a reload."""
    before, after = Prepare(), Prepare(version=2)
    ingest = loops.ingest(steps_of(before, waits_for=before.reached))

    def reload(_: object) -> None:
        if not after.calls:
            ingest.replace_steps(steps_of(after))

    ingest._watch = reload
    assert ingest.read(ListSource(large(1, 2))) == 2 * MOST_ROWS
    assert [cursor for cursor, _ in after.calls] == ["2"]
    assert stored(loops) == [(MOST_ROWS, [1]), (MOST_ROWS, [2])]


def test_a_batch_that_breaks_early_breaks_in_its_turn(loops: Loops) -> None:
    """What came before it is committed; the pass ends with the step's own exception."""
    prepare = Prepare(broken="2")
    ingest = loops.ingest(steps_of(prepare, waits_for=prepare.reached))
    with pytest.raises(ZeroDivisionError, match="batch 2"):
        ingest.read(ListSource(large(1, 2, 3)))
    assert ingest.cursor("acme/list") == "1"


def test_behind_a_batch_that_was_tried_before_nothing_is_prepared_early(loops: Loops) -> None:
    """What ended the process may be a batch behind it: that one is to be counted in its own turn."""
    broken = Prepare(broken="1")
    ingest = loops.ingest(steps_of(broken))
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            ingest.read(ListSource(large(1)))
    prepare = Prepare()
    restarted: Ingest = loops.ingest(steps_of(prepare))
    assert restarted.read(ListSource(large(1, 2))) == 2 * MOST_ROWS
    assert prepare.calls == [("1", "MainThread"), ("2", "MainThread")]


def test_rows_that_were_taken_out_are_not_there_again(loops: Loops) -> None:
    """A frame that was prepared early is of the batch's rows; of fewer rows it says nothing."""
    ingest = loops.ingest(steps_of(Prepare()))
    (batch,) = large(1)
    early = ingest._line.prepare_early(batch)
    assert early.early is not None
    smaller = replace(early, frame=early.frame.head(5))
    assert ingest._line.prepare("acme/list", smaller, exhausted=False).prepared.height == 5
