"""Batches that commit together leave what they would have left one by one, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.batch_steps import BatchSteps, ResponseResult
from agent.model import LANES, Batch, Cursor, Rejection
from agent.own_event import own_event
from agent.pipeline.ingest import Ingest
from agent.source import Idle, Recall
from agent.store import keys
from agent.store.accounts import Accounts
from tests.pipeline.fakes import NOW, AnsweredAlerts, Loops, batch_of, frame_of, ids_of, plain_steps
from tests.store.one_shard import OneShard


@dataclass
class CountedRows:
    """What the detection of a batch found: all rows so far, and an alert for every third."""

    memory: CountingDetection
    rows: int
    batch: Batch

    def __post_init__(self) -> None:
        self._before = self.memory.rows
        after = self._before + self.rows
        self.alerts = frame_of([f"alert {n}" for n in range(self._before + 1, after + 1) if n % 3 == 0])
        self.remember: Mapping[str, bytes | None] = {"rows": b"%d" % after, f"of {self._before}": b"1"}
        self.matched: Mapping[str, int] = {}

    def advance(self) -> None:
        self.memory.rows = self._before + self.rows

    def commit(self) -> None:
        self.memory.committed.append(self.batch)

    def take_back(self) -> None:
        self.memory.rows = self._before


class CountingDetection:
    """A detection whose every alert depends on all batches before."""

    def __init__(self) -> None:
        self.rows = 0
        self.answered = AnsweredAlerts()
        self.committed: list[Batch] = []
        self.seen: list[list[str]] = []
        self.fault: Callable[[Batch], None] = lambda _: None

    def steps(self) -> BatchSteps:
        def detect(batch: Batch, prepared: pl.DataFrame, matches: object, now: datetime) -> CountedRows:
            self.seen.append(batch.frame["event.id"].to_list())
            self.fault(batch)
            return CountedRows(self, prepared.height, batch)

        return replace(plain_steps(), detect=detect, respond=self.answered.respond, record=_record)


def _record(batch: Batch, response: ResponseResult, now: datetime, recall: Recall) -> Mapping[str, bytes | None]:
    return {f"{len(list(recall.keys(''))):04}": response.remember.get("alerts", b"none")}


@dataclass
class GroupedSource:
    """A stream whose groups commit one by one."""

    groups: Sequence[Sequence[Batch]]
    name: str = "acme/list"

    def stream(self, after: Cursor | None, stop: Event) -> Generator[Batch | Idle]:
        for group in self.groups:
            behind = [b for b in group if after is None or b.cursor is None or int(b.cursor) > int(after)]
            yield from behind
            yield Idle()
        stop.set()


def follow(ingest: Ingest, loops: Loops, groups: Sequence[Sequence[Batch]]) -> None:
    loops.stop.clear()
    ingest.follow(GroupedSource(groups))


def left(loops: Loops) -> dict[str, object]:
    """Everything that may not depend on who waited with whom: all keys but the spool's, and the rows of both lanes."""
    kept = {}
    for lane in LANES:
        kept[lane] = loops.event_ids(lane)
    spool = {keys.BATCH.prefix, keys.NEXT_BATCH.prefix}
    names = [key for key in loops.state.keys("") if not any(key.startswith(prefix) for prefix in spool)]
    return kept | {key: loops.state.get(key) for key in names if not key.startswith(keys.DEAD_LETTERS.prefix)}


kinds = st.sampled_from(["rows", "rows", "rows", "nothing", "own", "rejected"])
sizes = st.lists(st.tuples(kinds, st.integers(1, 4)), min_size=1, max_size=12)


def batches_of(shape: Sequence[tuple[str, int]]) -> list[Batch]:
    """Each by itself, for the rows of each can be fetched again."""
    batches, first = [], 0
    for number, (kind, rows) in enumerate(shape, start=1):
        remember = {"last": b"%d" % number, f"key {number % 3}": None if number % 2 else b"1"}
        if kind == "own":
            event = own_event("", "test-event", f"event {number}", NOW)
            frame = event.frame.with_columns(pl.lit(f"own {number}").alias("event.id"))
            batches.append(replace(event, frame=frame, remember=remember, cursor=Cursor(str(number))))
            continue
        ids = [] if kind == "nothing" else ids_of(first, first + rows)
        first += len(ids)
        bad = [Rejection("00D", "list", "Thing", "file", 1, "torn", b"raw")] if kind == "rejected" else []
        numbers = pl.int_range(1, len(ids) + 1, eager=True)
        batch = batch_of(number, ids, remember=remember, rejections=bad, duplicates=number % 2, again=f"file {number}")
        batches.append(replace(batch, event_type=f"Type {number % 2}", row_numbers=numbers))
    return batches


@settings(max_examples=25, deadline=None)
@given(shape=sizes, cuts=st.sets(st.integers(1, 11)))
def test_groups_leave_what_single_commits_leave(shape: list[tuple[str, int]], cuts: set[int]) -> None:
    """Rows in their order, alerts, cursor, both memories, accounts, responses and trail."""
    found = []
    for ends in (cuts, set(range(12))):
        with TemporaryDirectory() as folder:
            state = OneShard(Path(folder))
            loops, detection, batches = Loops(state), CountingDetection(), batches_of(shape)
            bounds = sorted({0, len(batches), *(end for end in ends if end < len(batches))})
            groups = [batches[start:end] for start, end in pairwise(bounds)]
            follow(loops.ingest(detection.steps()), loops, groups)
            found.append((left(loops), detection.rows, len(detection.committed)))
            state.close()
    grouped, single = found
    assert grouped == single


def three() -> list[Batch]:
    return [
        replace(batch_of(number, ids), again=f"file {number}")
        for number, ids in ((1, ids_of(0, 2)), (2, ["poison", *ids_of(2, 4)]), (3, ids_of(4, 6)))
    ]


def break_poison(batch: Batch) -> None:
    if batch.frame["event.id"].str.starts_with("poison").any():
        raise RuntimeError("boom")


def test_a_fault_in_a_group_is_that_of_its_batch(loops: Loops) -> None:
    """The ones before it are committed, it is tried three times, its row put aside, and the ones behind it follow."""
    detection = CountingDetection()
    detection.fault = break_poison
    ingest, batches = loops.ingest(detection.steps()), three()
    for _ in range(3):
        with pytest.raises(RuntimeError, match="boom"):
            follow(ingest, loops, [batches])
        assert (ingest.cursor("acme/list"), detection.rows) == ("1", 2)
    follow(ingest, loops, [batches])
    assert (ingest.cursor("acme/list"), detection.rows) == ("3", 6)
    assert left(loops)["events"] == ids_of(0, 6)
    assert left(loops)["alerts"] == ["alert 3", "answer 1", "alert 6", "answer 2"]
    assert Accounts(loops.state).ingested()["acme/list", "Thing"].malformed == 1


def test_a_fault_in_the_transaction_of_a_group_leaves_nothing_of_it(
    loops: Loops, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither files nor what detection learned; its batches are taken one by one."""
    detection = CountingDetection()
    name, groups = loops.spool.name, []

    def fails_for_several(transaction: object, written: Sequence[object]) -> object:
        groups.append(sum(batch.file.rows for batch in written))  # type: ignore[attr-defined]
        if len(groups) == 1:
            raise ZeroDivisionError
        return name(transaction, written)  # type: ignore[arg-type]

    monkeypatch.setattr(loops.spool, "name", fails_for_several)
    follow(loops.ingest(detection.steps()), loops, [three()])
    assert groups == [11, 2, 5, 4]
    assert left(loops)["alerts"] == ["alert 3", "answer 1", "alert 6", "answer 2"]
    assert len(list((loops.state.directory / "spool").iterdir())) == 5
    assert len(detection.committed) == 3


class Kill(BaseException):
    """The process is gone: nothing after it happens."""


def test_after_a_kill_in_a_group_its_batches_are_tried_one_by_one(loops: Loops) -> None:
    """Nothing of the group was stored; the kill may be the fault of any of them, and those before that one get on."""

    def kill(batch: Batch) -> None:
        if "poison" in batch.frame["event.id"]:
            raise Kill

    cursors = []
    for fault in (kill, kill, lambda _: None):
        detection = CountingDetection()
        detection.fault = fault
        loops = loops.restarted()
        with suppress(Kill):
            follow(loops.ingest(detection.steps()), loops, [three()])
        cursors.append(loops.ingest().cursor("acme/list"))
    assert cursors == [None, "1", "3"]
    assert left(loops)["events"] == [*ids_of(0, 2), "poison", *ids_of(2, 6)]
