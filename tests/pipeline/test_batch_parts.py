"""A batch of several frames, as batches of several event types that commit together leave it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from agent.model import LANES, Chunk, Outcome
from agent.store import batch_file
from agent.store.accounts import Accounts, IngestAccount
from agent.store.origin import Origin
from agent.store.queue.dead_letter_commands import DeadLetterCommands
from agent.store.spool import Position
from tests.pipeline.fakes import NOW, Archive, Loops, ScriptedDestination, frame_of, ids_of
from tests.pipeline.test_forward import balanced
from tests.store.one_shard import OneShard


@pytest.fixture
def loops(tmp_path: Path) -> Any:
    loops = Loops(OneShard(tmp_path / "state"))
    yield loops
    loops.state.close()


class Wide(ScriptedDestination):
    """Its lines say which columns were encoded; they may have 200 bytes."""

    def format(self, frame: pl.DataFrame) -> pl.Series:
        super().format(frame)
        text = frame["message"].fill_null("") if "message" in frame.columns else pl.lit("")
        return frame.select(pl.col("event.id") + f" {frame.width} " + text).to_series()


def commit(loops: Loops, archive: Archive, *parts: Sequence[str]) -> None:
    """One batch of a frame for each part, of which every other has a column of its own; each is of an input of its own."""
    frames, origins = [], []
    for number, ids in enumerate(parts):
        own = [pl.lit("m").alias("message")] if number % 2 else []
        frames.append(frame_of(ids).with_columns(own))
        origins.append(Origin.of("acme/list", archive.batch(number, ids), frames[-1]))
    written = [loops.spool.write("events", frames, origins)]
    with loops.state.transact() as transaction:
        entries = loops.spool.name(transaction, written)
        accounts, rows = Accounts(loops.state), sum(map(len, parts))
        accounts.add_ingest(transaction, "acme/list", "Thing", IngestAccount(read=rows, spooled=rows))
        accounts.add_spooled(transaction, "events", rows)
    loops.spool.publish(entries, written)


def test_parts_are_sent_together_and_encoded_apart(loops: Loops) -> None:
    """One request for rows of three frames, each with its own columns."""
    sent: list[str] = []

    def take(chunk: Chunk) -> Outcome:
        sent.extend(chunk.lines.to_list())
        return Outcome()

    siem = Wide(script=[take])
    forward = loops.forward(siem)
    commit(loops, Archive(), ids_of(0, 2), ids_of(2, 4), ids_of(4, 6))
    loops.drain(forward)
    assert siem.sends == 1
    assert sent == [
        f"{name} {3 if 2 <= row < 4 else 2} {'m' if 2 <= row < 4 else ''}\n" for row, name in enumerate(ids_of(0, 6))
    ]
    assert balanced(loops, forward)


def test_it_goes_on_within_a_part_after_a_restart(loops: Loops) -> None:
    """A position counts rows through all parts."""
    siem = ScriptedDestination(max_rows=3)
    forward = loops.forward(siem)

    def accept_and_stop(chunk: Chunk) -> Outcome:
        loops.stop.set()
        return Outcome()

    commit(loops, Archive(), ids_of(0, 2), ids_of(2, 4), ids_of(4, 6))
    siem.script = [accept_and_stop]
    loops.drain(forward)
    assert forward.shards[0].queue.position("events") == Position(0, 3)
    loops.stop.clear()
    again = loops.restarted()
    loops.drain(again.forward(siem))
    assert siem.accepted == ids_of(0, 6)


def test_refused_and_poisonous_rows_keep_the_columns_of_their_frame(loops: Loops) -> None:
    """Each is a dead letter under its number in the batch, with what its own frame had."""
    siem = Wide()
    forward = loops.forward(siem)
    commit(loops, Archive(), ids_of(0, 2), [*ids_of(2, 3), "poison"], ids_of(3, 6))
    siem.script = [Outcome(rejected=[(4, "no")])]
    loops.drain(forward)
    dead = pl.concat([frame for _, frame in loops.dead_letters.read()]).sort("row")
    assert dead["row"].to_list() == [3, 5]
    assert dead["event_id"].to_list() == ["poison", ids_of(4, 5)[0]]
    kept = [batch_file.decode(raw)[0] for raw in dead["raw"]]
    assert [frame.columns for frame in kept] == [["event.id", "@timestamp", "message"], ["event.id", "@timestamp"]]
    assert siem.accepted == [*ids_of(0, 4), *ids_of(5, 6)]
    assert balanced(loops, forward)


def test_replayed_rows_have_the_lines_that_were_refused(loops: Loops) -> None:
    """Each is encoded by the columns of its own frame, as the first time."""
    sent: list[list[str]] = []

    def refuse(chunk: Chunk) -> Outcome:
        sent.append(chunk.lines.to_list())
        return Outcome(rejected=[(row, "no") for row in range(len(chunk.lines))])

    def accept(chunk: Chunk) -> Outcome:
        sent.append(chunk.lines.to_list())
        return Outcome()

    siem = Wide(script=[refuse, accept])
    forward = loops.forward(siem)
    commit(loops, Archive(), ids_of(0, 2), ids_of(2, 4), ids_of(4, 6))
    loops.drain(forward)
    DeadLetterCommands(loops.stores, {siem.name: LANES}, lambda: NOW).replay(0, "ada")
    loops.drain(forward)
    refused, replayed = sent
    assert replayed == refused
    assert siem.accepted == ids_of(0, 6)
    assert balanced(loops, forward)


def test_rows_that_are_too_long_are_shortened_in_every_part(loops: Loops) -> None:
    """Each by the columns of its own frame, and the others stay as they are."""
    sent: list[str] = []

    def take(chunk: Chunk) -> Outcome:
        sent.extend(chunk.lines.to_list())
        return Outcome()

    siem = Wide(max_row_bytes=200, script=[take])
    forward = loops.forward(siem)
    frames = [frame_of(ids_of(n, n + 1)).with_columns(pl.lit(text).alias("message")) for n, text in enumerate("abc")]
    long = frames[1].with_columns(pl.lit("long " * 100).alias("message"), pl.lit("x").alias("more"))
    written = [loops.spool.write("events", [frames[0], long, frames[2]])]
    with loops.state.transact() as transaction:
        entries = loops.spool.name(transaction, written)
    loops.spool.publish(entries, written)
    loops.drain(forward)
    assert [line[-2:-1] for line in sent] == ["a", "…", "c"]
    assert len(sent[1].encode()) <= 200


def test_a_damaged_file_is_fetched_again_part_by_part(loops: Loops) -> None:
    """Each part from its own input, only what is lacked of it, each row once; a part that is settled is not fetched."""
    siem, archive = ScriptedDestination(max_rows=3), Archive()
    forward = loops.forward(siem)

    def accept_and_stop(chunk: Chunk) -> Outcome:
        loops.stop.set()
        return Outcome()

    commit(loops, archive, ids_of(0, 2), ids_of(2, 4), ids_of(4, 6))
    siem.script = [accept_and_stop]
    loops.drain(forward)
    loops.stop.clear()
    (path,) = (loops.state.directory / "spool").glob("*.arrow")
    path.unlink()
    again = loops.restarted()
    after = again.forward(siem)
    again.drain(after)
    assert Accounts(again.state).delivered("siem", "events").set_aside == 3
    assert [(damage.first, damage.shares[0].row) for damage in again.repairs.all()] == [(2, 1), (4, 0)]
    again.repair(archive).attempt()
    again.drain(after)
    assert archive.fetched == ["input 1", "input 2"]
    assert siem.accepted == ids_of(0, 6)
    assert list(again.repairs.all()) == []
    assert balanced(again, after)
