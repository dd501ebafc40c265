"""A source is read ahead of what is committed: how far, what it recalls, and where its pass ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace

import polars as pl
import pytest

from agent.batch_steps import BatchSteps
from agent.errors import TransportError
from agent.model import Batch, Cursor, Rejection
from agent.pipeline.ingest import Ingest
from agent.pipeline.read_ahead import reader
from agent.pipeline.read_ahead.batch_group import MOST_BATCHES, MOST_ROWS
from agent.pipeline.read_ahead.pending_memory import PendingMemory
from agent.pipeline.read_ahead.reader import ReadAhead
from agent.store.spool import SpoolEntry
from tests.pipeline.fakes import Loops, NoDetection, batch_of, ids_of, plain_steps
from tests.sources.reader import RecalledKeys

PATIENCE = 60.0
"""Seconds until a test gives up waiting; never a measure of speed."""


@dataclass
class ScriptedSource:
    """A polled source that yields batches, and calls what stands between them."""

    items: list[Batch | Callable[[], object]]
    name: str = "acme/list"
    closed: threading.Event = field(default_factory=threading.Event)

    def read(self, after: Cursor | None) -> Generator[Batch]:
        try:
            for item in self.items:
                if not isinstance(item, Batch):
                    item()
                elif after is None or int(item.cursor or 0) > int(after):
                    yield item
        finally:
            self.closed.set()


def held(event: threading.Event) -> Callable[[], None]:
    def wait() -> None:
        assert event.wait(PATIENCE)

    return wait


def singles(*numbers: int) -> list[Batch]:
    return [batch_of(number, ids_of(number, number + 1)) for number in numbers]


def steps_that_wait(event: threading.Event) -> BatchSteps:
    """Nothing is prepared until the event is set."""

    def prepare(batch: Batch) -> pl.DataFrame:
        assert event.wait(PATIENCE)
        return batch.frame

    return replace(plain_steps(), prepare=prepare)


def passes(ingest: Ingest, source: ScriptedSource) -> threading.Thread:
    """A pass that goes on in a thread."""
    thread = threading.Thread(target=ingest.read, args=(source,))
    thread.start()
    return thread


def test_a_source_reads_on_while_a_batch_is_taken_and_recalls_what_it_asked_to_remember(loops: Loops) -> None:
    """Although nothing is committed yet; what a later batch forgets is forgotten."""
    reads_on = threading.Event()
    ingest = loops.ingest(steps_that_wait(reads_on))
    recall, seen = ingest.recall("acme/list"), []

    def look() -> None:
        seen.append(([recall(key) for key in "abc"], list(recall.keys("")), ingest.cursor("acme/list")))

    first = batch_of(1, ids_of(0, 1), remember={"a": b"1", "b": b"1"})
    second = batch_of(2, ids_of(1, 2), remember={"a": None, "c": b"2"})
    assert ingest.read(ScriptedSource([first, look, second, look, reads_on.set])) == 2
    assert seen == [([b"1", b"1", None], ["a", "b"], None), ([None, b"1", b"2"], ["b", "c"], None)]
    assert ([recall(key) for key in "abc"], list(recall.keys(""))) == ([None, b"1", b"2"], ["b", "c"])
    assert {key: loops.state.data(f"memory/acme/list/{key}") for key in "abc"} == {"a": None, "b": b"1", "c": b"2"}


def test_what_waits_together_commits_together(loops: Loops) -> None:
    """One file and one transaction for what was read while the batch before was taken."""
    reads_on = threading.Event()
    ingest = loops.ingest(steps_that_wait(reads_on))
    assert ingest.read(ScriptedSource([*singles(*range(1, 8)), reads_on.set])) == 7
    assert ingest.cursor("acme/list") == "7"
    assert [loops.spool.read(entry).height for entry in entries(loops)] == [1, 6]


def entries(loops: Loops) -> list[SpoolEntry]:
    found = [loops.spool.entry("events", sequence) for sequence in range(loops.spool.end("events").sequence)]
    return [entry for entry in found if entry is not None]


def test_a_slow_source_is_not_waited_for(loops: Loops) -> None:
    """What it has handed out is committed before it brings more."""
    committed = threading.Event()
    ingest = loops.ingest()
    ingest._watch = lambda _: committed.set()
    assert ingest.read(ScriptedSource([*singles(1), held(committed), *singles(2)])) == 2


def test_what_a_source_raises_comes_after_what_it_brought_before(loops: Loops) -> None:
    """All of it is committed; the error is the pass's."""

    def fail() -> None:
        raise TransportError("cut")

    ingest = loops.ingest()
    with pytest.raises(TransportError, match="cut"):
        ingest.read(ScriptedSource([*singles(1, 2, 3), fail]))
    assert ingest.cursor("acme/list") == "3"


def test_a_pass_that_fails_is_told_at_once_and_forgets_what_it_did_not_commit(loops: Loops) -> None:
    """The source may still be waiting for the other side then; it is not read again before that is over."""
    answers, reading = threading.Event(), threading.Event()

    def detect(*_: object) -> NoDetection:
        assert reading.wait(PATIENCE)
        raise ZeroDivisionError

    ingest = loops.ingest(replace(plain_steps(), detect=detect))
    source = ScriptedSource([replace(batch_of(1, ids_of(0, 1)), remember={"a": b"1"}), reading.set, held(answers)])
    with pytest.raises(ZeroDivisionError):
        ingest.read(source)
    assert not source.closed.is_set()
    ingest.replace_steps(plain_steps())
    seen: list[object] = []
    again = ScriptedSource([lambda: seen.append((source.closed.is_set(), ingest.recall(source.name)("a")))])
    thread = passes(ingest, again)
    answers.set()
    thread.join(PATIENCE)
    assert seen == [(True, None)]


def test_a_stop_closes_the_source_where_it_stands(loops: Loops) -> None:
    """The pass ends once the generator is closed, and what was read ahead comes again."""
    ingest = loops.ingest()
    ingest._watch = lambda _: loops.stop.set()
    source = ScriptedSource(list(singles(*range(1, 100))))
    assert ingest.read(source) == 1
    assert source.closed.is_set()
    loops.stop.clear()
    assert (ingest.read(source), ingest.cursor(source.name)) == (1, "2")


def test_a_pass_that_brings_nothing_starts_no_thread() -> None:
    """Most passes of most orgs do."""
    ahead = ReadAhead(ScriptedSource([]).read(None), PendingMemory(RecalledKeys()))
    assert (ahead.next_group(), ahead.thread) == ([], None)
    ahead.close()


def test_few_batches_are_read_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as commit together, or the bytes of one large one; one more is in the reader's hand."""
    for most_bytes, waiting in ((1 << 30, MOST_BATCHES), (0, 1)):
        monkeypatch.setattr(reader, "MOST_BYTES", most_bytes)
        yielded, taken = 0, 0
        full = threading.Event()

        def batches(waiting: int = waiting, full: threading.Event = full) -> Generator[Batch]:
            nonlocal yielded
            for batch in singles(*range(60)):
                yielded += 1
                if yielded == waiting + 2:
                    full.set()
                yield batch

        ahead = ReadAhead(batches(), PendingMemory(RecalledKeys()))
        taken += len(ahead.next_group())
        assert full.wait(PATIENCE)
        assert yielded == waiting + 2
        while group := ahead.next_group():
            assert len(group) <= waiting
            taken += len(group)
        assert taken == 60
        ahead.close()


def test_what_a_batch_has_beside_its_rows_counts_as_read_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of malformed records has no rows, and one that comes again only what is remembered of it."""
    monkeypatch.setattr(reader, "MOST_BYTES", 1000)
    bad = Rejection("00D", "list", "Thing", "file", 1, "torn", b"x" * 600)
    malformed = [batch_of(number, [], rejections=[bad]) for number in range(6)]
    repeated = [batch_of(number, [], remember={"ids": b"x" * 600}, duplicates=1) for number in range(6)]
    for batches in (malformed, repeated):
        ahead = ReadAhead(ScriptedSource(list(batches)).read(None), PendingMemory(RecalledKeys()))
        groups = []
        while group := ahead.next_group():
            groups.append(len(group))
        ahead.close()
        assert groups == [1] * 6


def test_a_large_batch_commits_by_itself() -> None:
    """Its rows outweigh what a transaction costs."""
    large = batch_of(2, ids_of(0, MOST_ROWS))
    ahead = ReadAhead(ScriptedSource([*singles(1, 2), large, *singles(3, 4)]).read(None), PendingMemory(RecalledKeys()))
    sizes = []
    while group := ahead.next_group():
        sizes.append([batch.frame.height for batch in group])
    ahead.close()
    assert [MOST_ROWS] in sizes
    assert sum(map(len, sizes)) == 5


def test_a_loop_hangs_where_its_reader_does(loops: Loops) -> None:
    """Who waits for a source is named by the place where the source waits."""
    answers, reading = threading.Event(), threading.Event()
    time = 0.0
    ingest = loops.ingest()
    ingest.progress._steady = lambda: time
    thread = passes(ingest, ScriptedSource([*singles(1), reading.set, held(answers)]))
    assert reading.wait(PATIENCE)
    while not any(work.waits_for for work in list(ingest.progress._work.values())):
        answers.wait(0.001)
    time = 10_000.0
    (said,) = ingest.progress.stalled().values()
    answers.set()
    thread.join(PATIENCE)
    assert "reader.py" in said
    assert "(_read)" in said
