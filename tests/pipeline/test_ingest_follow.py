"""A stream is followed: in order, in groups, and until the stop."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Event

import polars as pl
import pytest

from agent.errors import TransportError
from agent.model import Batch, Cursor
from agent.pipeline.read_ahead.batch_group import MOST_KINDS, StreamGroup
from agent.source import Idle
from tests.pipeline.fakes import Loops, batch_of, ids_of, plain_steps

Item = Batch | Idle | Callable[[], object]


@dataclass
class ToyStream:
    """A continuous source that yields what lies behind the cursor, runs what is to happen in between, and then stops."""

    items: Sequence[Item]
    name: str = "acme/stream"
    asked: list[Cursor | None] = field(default_factory=list)

    def stream(self, after: Cursor | None, stop: Event) -> Generator[Batch | Idle]:
        self.asked.append(after)
        for item in self.items:
            if isinstance(item, Idle):
                yield item
            elif not isinstance(item, Batch):
                item()
            elif after is None or int(item.cursor or 0) > int(after):
                yield item
        stop.set()


def spooled(loops: Loops) -> list[list[str]]:
    """The ids of each batch."""
    entries = (loops.spool.entry("events", sequence) for sequence in range(loops.spool.end("events").sequence))
    return [loops.spool.read(entry).column("event.id").to_list() for entry in entries if entry is not None]


def test_what_comes_one_upon_the_other_commits_together_when_the_source_is_idle(loops: Loops) -> None:
    """One transaction with the last cursor and all that is to be remembered; nothing waits longer than until then."""
    before: list[Cursor | None] = []
    ingest = loops.ingest()
    stream = ToyStream(
        [
            batch_of(1, ids_of(0, 2), remember={"a": b"1", "b": b"1"}, duplicates=1),
            batch_of(2, ids_of(2, 3), remember={"a": b"2", "b": None}),
            lambda: before.append(ingest.cursor("acme/stream")),
            Idle(),
            lambda: before.append(ingest.cursor("acme/stream")),
            batch_of(3, ids_of(3, 4)),
            Idle(),
        ]
    )
    ingest.follow(stream)
    assert before == [None, "2"]
    assert spooled(loops) == [ids_of(0, 3), ids_of(3, 4)]
    recall = ingest.recall("acme/stream")
    assert (recall("a"), recall("b")) == (b"2", None)


def test_batches_of_several_kinds_commit_together(loops: Loops) -> None:
    """Those of one kind as one, whatever came between them; the cursor and what is remembered are those of the last."""
    batches = [
        batch_of(number, ids_of(number, number + 1), remember={"last": b"%d" % number}) for number in range(1, 5)
    ]
    batches[2] = replace(batches[2], event_type="Other")
    ingest = loops.ingest()
    items: list[Item] = [*batches, Idle()]
    ingest.follow(ToyStream(items))
    (entry,) = (loops.spool.entry("events", number) for number in range(loops.spool.end("events").sequence))
    assert entry is not None
    assert [frame["event.id"].to_list() for frame in loops.spool.read(entry).frames] == [
        [*ids_of(1, 3), *ids_of(4, 5)],
        ids_of(3, 4),
    ]
    assert ingest.cursor("acme/stream") == "4"
    assert ingest.recall("acme/stream")("last") == b"4"


def test_twenty_topics_that_take_turns_are_one_commit_of_twenty_batches(loops: Loops) -> None:
    """A change of kind begins nothing new; the ids of each kind keep their order."""
    items: list[Item] = [
        replace(batch_of(number, ids_of(number, number + 1)), event_type=f"Topic{number % 20}") for number in range(100)
    ]
    ingest = loops.ingest()
    ingest.follow(ToyStream([*items, Idle()]))
    assert loops.spool.end("events").sequence == 1
    entry = loops.spool.entry("events", 0)
    assert entry is not None
    frames = loops.spool.read(entry).frames
    assert [frame["event.id"].to_list() for frame in frames] == [
        [f"{number:032x}" for number in range(topic, 100, 20)] for topic in range(20)
    ]


def test_after_a_fault_batches_commit_in_the_order_in_which_they_came(loops: Loops) -> None:
    """What is taken by itself commits its own cursor, so nothing that came before it may be left behind."""
    cursors: list[Cursor | None] = []

    def shape(frame: pl.DataFrame, batch: Batch, now: datetime) -> pl.DataFrame:
        cursors.append(batch.cursor)
        if batch.event_type == "Other" and len(cursors) <= 2:
            raise RuntimeError("boom")
        return frame

    kinds = ["Thing", "Other", "Thing"]
    items: list[Item] = [
        replace(batch_of(number, ids_of(number, number + 1)), event_type=kind) for number, kind in enumerate(kinds, 1)
    ]
    ingest = loops.ingest(replace(plain_steps(), shape=shape))
    ingest.follow(ToyStream([*items, Idle()]))
    assert cursors == [None, "3", "1", "2", "3"]
    assert [ids[0] for ids in spooled(loops)] == ids_of(1, 4)


def test_a_source_that_is_never_idle_keeps_nothing_waiting(loops: Loops) -> None:
    """The wait is counted from the first batch that is held, by a clock that does not jump."""
    steady = 100.0
    seen: list[Cursor | None] = []

    def wait(seconds: float) -> Callable[[], None]:
        def pass_by() -> None:
            nonlocal steady
            steady += seconds
            seen.append(ingest.cursor("acme/stream"))

        return pass_by

    ingest = loops.ingest(steady=lambda: steady)
    items = [batch_of(number, ids_of(number, number + 1)) for number in range(1, 5)]
    ingest.follow(
        ToyStream([wait(9), items[0], wait(0.15), items[1], wait(0.1), items[2], wait(0.15), items[3], wait(0)])
    )
    assert seen == [None, None, None, "3", "3"]


def test_what_is_held_at_the_stop_comes_again(loops: Loops) -> None:
    """Nothing more is taken after the stop; the cursor stands before what was in flight."""
    items: list[Item] = [batch_of(1, ids_of(0, 1)), Idle(), batch_of(2, ids_of(1, 2))]
    stream = ToyStream(items)
    ingest = loops.ingest()
    ingest.follow(stream)
    assert ingest.cursor(stream.name) == "1"
    loops.stop.clear()
    ingest.follow(again := ToyStream([*items, Idle()]))
    assert (again.asked, spooled(loops)) == (["1"], [ids_of(0, 1), ids_of(1, 2)])


def test_what_is_held_is_committed_when_the_other_side_ends_the_connection(loops: Loops) -> None:
    """A connection that is cut again and again before the source was ever idle gets on all the same."""

    def cut() -> None:
        raise TransportError("cut")

    ingest = loops.ingest()
    with pytest.raises(TransportError):
        ingest.follow(ToyStream([batch_of(1, ids_of(0, 1)), batch_of(2, ids_of(1, 2)), cut]))
    assert ingest.cursor("acme/stream") == "2"
    assert spooled(loops) == [ids_of(0, 2)]


def test_a_fault_in_a_group_takes_nothing_of_it_and_poison_is_found_in_the_end(loops: Loops) -> None:
    """After three attempts the row is put aside; what came with it is there once."""

    def shape(frame: pl.DataFrame, batch: Batch, now: datetime) -> pl.DataFrame:
        if frame["event.id"].str.starts_with("poison").any():
            raise RuntimeError("boom")
        return frame

    ingest = loops.ingest(replace(plain_steps(), shape=shape))
    items: list[Item] = [batch_of(1, ids_of(0, 1)), batch_of(2, ["poison"]), batch_of(3, ids_of(1, 2)), Idle()]
    for _ in range(3):
        with pytest.raises(RuntimeError, match="boom"):
            ingest.follow(ToyStream(items))
        assert spooled(loops) == []
    ingest.follow(ToyStream(items))
    assert spooled(loops) == [ids_of(0, 2)]
    assert ingest.cursor("acme/stream") == "3"


def test_the_caller_hears_of_life_only_when_all_is_committed(loops: Loops) -> None:
    """While a group is held there is nothing to hear; idleness alone is a sign of life as well."""
    heard: list[Cursor | None] = []
    ingest = loops.ingest()
    stream = ToyStream([Idle(), batch_of(1, ids_of(0, 1)), batch_of(2, ids_of(1, 2)), Idle()])
    ingest.follow(stream, lambda: heard.append(ingest.cursor(stream.name)))
    assert heard == [None, "2"]


def test_a_group_is_bounded_and_takes_columns_as_they_come() -> None:
    """Rows that lack a column have nothing in it; many small batches do not wait for ever."""
    group = StreamGroup()
    other = batch_of(2, ids_of(1, 2))
    group.add(batch_of(1, ids_of(0, 1)))
    group.add(replace(other, frame=other.frame.with_columns(pl.lit("x").alias("NEW"))))
    assert group.together()[0].frame["NEW"].to_list() == [None, "x"]
    while not group.is_full:
        group.add(batch_of(3, []))
    assert [batch.frame.height for batch in group.in_order()] == [2]
    group = StreamGroup()
    while not group.is_full:
        group.add(batch_of(4, ids_of(0, 1), again="file"))
    assert len(group.together()) == len(group.in_order()) == MOST_KINDS
