"""Rows that are taken once are: however they are grouped, whoever brings them, and wherever the process ends."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.batch_steps import BatchSteps
from agent.model import Batch, TakenOnce
from agent.pipeline.read_ahead.batch_group import StreamGroup
from agent.store import keys
from agent.store.accounts import Accounts, IngestAccount
from agent.store.queue.status import balanced
from tests.pipeline.fakes import ListSource, Loops, NoDetection, batch_of, plain_steps
from tests.pipeline.test_commit_group import Kill, follow, left
from tests.store.one_shard import OneShard

ONCE = TakenOnce("real_time", timedelta(days=8))
STREAM, POLLED = "acme/list", "acme/stored"


def ids_of(numbers: Sequence[int]) -> list[str]:
    return [f"{number:016x}{'0' * 16}" for number in numbers]


def batch(cursor: int, numbers: Sequence[int], **other: object) -> Batch:
    record_numbers = pl.int_range(1, len(numbers) + 1, eager=True)
    return replace(batch_of(cursor, ids_of(numbers), row_numbers=record_numbers, once=ONCE), **other)  # type: ignore[arg-type]


@dataclass
class SeenRows:
    """Steps that note what rules and detection see, and break once where they are told to."""

    seen: list[str] = field(default_factory=list)
    matched: list[tuple[int, int]] = field(default_factory=list)
    """Rows of the frame and rows of which the matches know, of each detection."""
    kill_at: int = -1
    """The number of the detection, from 0, at which the process is killed."""

    def steps(self) -> BatchSteps:
        def detect(batch: Batch, prepared: pl.DataFrame, matches: int, now: datetime) -> NoDetection:
            if len(self.matched) == self.kill_at:
                self.kill_at = -1
                raise Kill
            self.matched.append((prepared.height, matches))
            self.seen += prepared["event.id"].to_list()
            return NoDetection()

        return replace(plain_steps(), match=lambda batch, prepared: prepared.height, detect=detect)


def ingested(loops: Loops) -> IngestAccount:
    accounts = Accounts(loops.state).ingested().values()
    return IngestAccount(
        sum(account.read for account in accounts),
        sum(account.duplicate for account in accounts),
        sum(account.malformed for account in accounts),
        sum(account.spooled for account in accounts),
    )


rows = st.lists(st.integers(0, 30), max_size=6)
shapes = st.lists(st.tuples(st.sampled_from([STREAM, POLLED]), st.lists(rows, min_size=1, max_size=4)), max_size=6)


@settings(max_examples=30, deadline=None)
@given(shape=shapes, kill_at=st.integers(-1, 8))
def test_each_row_comes_once_whoever_brings_it(shape: list[tuple[str, list[list[int]]]], kill_at: int) -> None:
    """As a set of all ids says: over groups of both sources, with a kill in between and a new process after each group."""
    naive, expected, cursors, read = set[int](), list[str](), {STREAM: 0, POLLED: 0}, 0
    with TemporaryDirectory() as folder:
        state = OneShard(Path(folder))
        loops = Loops(state)
        for source, group in shape:
            batches = []
            for numbers in group:
                cursors[source] += 1
                batches.append(batch(cursors[source], numbers, once=ONCE))
                new = [number for number in dict.fromkeys(numbers) if number not in naive]
                naive.update(new)
                expected += ids_of(new)
                read += len(numbers)
            killed = SeenRows(kill_at=kill_at)
            with suppress(Kill):
                take(loops, killed, source, batches)
            loops = loops.restarted()
            take(loops, SeenRows(), source, batches)
        assert left(loops)["events"] == expected
        account = ingested(loops)
        assert (account.read, account.spooled, account.duplicate) == (read, len(expected), read - len(expected))
        assert balanced(loops.stores, {})
        state.close()


def take(loops: Loops, rows: SeenRows, source: str, batches: list[Batch]) -> None:
    """As a stream takes a group, or as a pass does."""
    ingest = loops.ingest(rows.steps())
    if source == STREAM:
        follow(ingest, loops, [batches])
        loops.stop.clear()
    else:
        ingest.read(ListSource(batches, name=POLLED))


def test_rules_see_no_row_twice_and_match_what_is_left(loops: Loops) -> None:
    """Rows known before the steps, rows that another batch of the group brought, and equal rows of one batch."""
    seen = SeenRows()
    ingest = loops.ingest(seen.steps())
    follow(ingest, loops, [[batch(1, [1, 2])]])
    follow(ingest, loops, [[batch(2, [2, 3, 3]), batch(3, [3, 4]), batch(4, [4, 1])]])
    assert seen.seen == ids_of([1, 2, 3, 4])
    assert all(height == matches for height, matches in seen.matched)
    assert ingested(loops) == IngestAccount(read=9, duplicate=5, spooled=4)


def test_a_row_that_another_source_commits_meanwhile_is_dropped_at_the_commit(loops: Loops) -> None:
    """It went through the steps of both, and rules see it once."""
    seen, meet = SeenRows(), threading.Barrier(2)

    # Both have gone through their steps when the first of them commits.
    ingest = loops.ingest(replace(seen.steps(), match=lambda batch, prepared: _meeting(meet, prepared)))
    threads = [
        threading.Thread(target=ingest.push, args=(source, batch(1, numbers)))
        for source, numbers in ((STREAM, [1, 2, 3]), (POLLED, [2, 3, 4]))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen.seen) == ids_of([1, 2, 3, 4])
    assert ingested(loops) == IngestAccount(read=6, duplicate=2, spooled=4)


def _meeting(meet: threading.Barrier, prepared: pl.DataFrame) -> int:
    with suppress(threading.BrokenBarrierError):
        meet.wait(10 if prepared.height == 3 else 0)
    return prepared.height


def test_numbers_of_records_go_with_their_rows(loops: Loops) -> None:
    """What is left of a batch can still be fetched again by them."""
    ingest, commits = loops.ingest(), list[Batch]()
    ingest._watch = lambda commit: commits.append(commit.batch)
    follow(ingest, loops, [[batch(1, [1, 3])]])
    follow(ingest, loops, [[batch(2, [1, 2, 3, 4])]])
    numbers = commits[-1].row_numbers
    assert numbers is not None
    assert (numbers.to_list(), commits[-1].frame["event.id"].to_list()) == ([2, 4], ids_of([2, 4]))


def test_a_batch_of_nothing_new_moves_the_cursor_and_is_counted(loops: Loops) -> None:
    """No file is written for it."""
    ingest = loops.ingest()
    follow(ingest, loops, [[batch(1, [1, 2])]])
    before = loops.spool.end("events")
    follow(ingest, loops, [[batch(2, [2, 1])]])
    assert (loops.spool.end("events"), ingest.cursor(STREAM)) == (before, "2")
    assert ingested(loops) == IngestAccount(read=4, duplicate=2, spooled=2)


def test_a_group_that_cannot_be_stored_is_taken_back(loops: Loops, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rows are no duplicates when they are taken one by one."""
    name, calls = loops.spool.name, []

    def fails_once(transaction: object, written: Sequence[object]) -> object:
        calls.append(len(written))
        if len(calls) == 1:
            raise ZeroDivisionError
        return name(transaction, written)  # type: ignore[arg-type]

    monkeypatch.setattr(loops.spool, "name", fails_once)
    follow(loops.ingest(), loops, [[batch(1, [1, 2]), batch(2, [2, 3])]])
    assert left(loops)["events"] == ids_of([1, 2, 3])
    assert ingested(loops) == IngestAccount(read=4, duplicate=1, spooled=3)


def test_families_do_not_see_each_other(loops: Loops) -> None:
    """Neither do rows of sources that leave out themselves what was taken before."""
    other = TakenOnce("else", timedelta(days=1))
    follow(loops.ingest(), loops, [[batch(1, [1]), batch(2, [1], once=other), batch(3, [1], once=None)]])
    assert left(loops)["events"] == ids_of([1, 1, 1])
    assert len(loops.state.keys(keys.TAKEN.prefix)) == 2


def test_a_stream_joins_batches_that_are_taken_once_alike() -> None:
    """And no others."""
    group = StreamGroup()
    for number, once in enumerate((ONCE, ONCE, None), start=1):
        group.add(batch(number, [number], once=once, row_numbers=None))
    assert [(joined.frame.height, joined.once) for joined in group.in_order()] == [(2, ONCE), (1, None)]


def test_rows_that_break_a_step_are_not_taken(loops: Loops) -> None:
    """They are dead letters; the rows around them are taken once all the same."""
    seen = SeenRows()

    def match(batch: Batch, prepared: pl.DataFrame) -> int:
        if prepared["event.id"].is_in(ids_of([7])).any():
            raise ValueError("poison")
        return prepared.height

    ingest = loops.ingest(replace(seen.steps(), match=match))
    follow(ingest, loops, [[batch(1, [1])]])
    for _ in range(3):
        with pytest.raises(ValueError, match="poison"):
            follow(ingest, loops, [[batch(2, [1, 7, 2])]])
    follow(ingest, loops, [[batch(2, [1, 7, 2])]])
    assert left(loops)["events"] == ids_of([1, 2])
    assert ingested(loops) == IngestAccount(read=4, duplicate=1, malformed=1, spooled=2)
