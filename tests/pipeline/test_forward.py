"""The second loop: what a destination gets, and what its position says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import DiskFull, Unavailable
from agent.model import Chunk, Outcome
from agent.pipeline.forward import Forward
from agent.pipeline.pass_faults import LONGEST_PAUSE
from agent.store.accounts import Accounts
from agent.store.spool import Position
from tests.pipeline.fakes import ListSource, Loops, ScriptedDestination, batch_of, frame_of, ids_of
from tests.store.one_shard import OneShard


def fill(loops: Loops, *batches: list[str]) -> None:
    first = int(loops.ingest().cursor("acme/list") or 0)
    loops.ingest().read(ListSource([batch_of(first + number, ids) for number, ids in enumerate(batches, 1)]))


def raise_alert(loops: Loops, *ids: str) -> None:
    written = [loops.spool.write("alerts", [frame_of(ids)])]
    with loops.state.transact() as transaction:
        entries = loops.spool.name(transaction, written)
        Accounts(loops.state).add_spooled(transaction, "alerts", len(ids))
    loops.spool.publish(entries, written)


def balanced(loops: Loops, forward: Forward) -> bool:
    """spooled = acknowledged + dead-lettered + filtered + set aside + dropped + pending, in every lane."""
    accounts = Accounts(loops.state)
    for lane in forward.lanes:
        done = accounts.delivered(forward.destination.name, lane)
        if done.settled + forward.pending(lane) != accounts.spooled(lane):
            return False
    return True


def test_everything_arrives_once_and_in_order(loops: Loops) -> None:
    """Several batches, cut to the destination's limits, arrive complete."""
    siem = ScriptedDestination(max_rows=4, max_bytes=100)
    forward = loops.forward(siem)
    fill(loops, ids_of(0, 10), ids_of(10, 25))
    loops.drain(forward)
    assert siem.accepted == ids_of(0, 25)
    assert siem.sends >= 9
    assert balanced(loops, forward)


def test_unavailable_moves_nothing_and_is_tried_again(loops: Loops) -> None:
    """The same chunk is sent until it is accepted; the position moves only then."""
    positions: list[Position] = []

    def look(chunk: Chunk) -> Outcome:
        positions.append(forward.shards[0].queue.position("events"))
        return Outcome()

    siem = ScriptedDestination(script=[Unavailable("down"), Unavailable("still down"), look])
    forward = loops.forward(siem)
    fill(loops, ids_of(0, 5))
    loops.drain(forward)
    assert siem.accepted == ids_of(0, 5)
    assert positions == [Position(0)]
    assert Accounts(loops.state).delivered("siem", "events").resent == 10


def test_a_siem_that_is_dead_for_a_day_is_still_tried(loops: Loops) -> None:
    """Thousands of failures in a row end neither the loop nor the patience."""
    siem = ScriptedDestination(script=[Unavailable("down")] * 3_000)
    forward = loops.forward(siem)
    fill(loops, ids_of(0, 2))
    loops.drain(forward)
    assert siem.accepted == ids_of(0, 2)


def test_refused_rows_are_kept_and_the_others_go_on(loops: Loops) -> None:
    """A row refused for good becomes a dead letter with the reason, in a form that can be sent again."""
    from agent.store import batch_file

    siem = ScriptedDestination(script=[Outcome(rejected=[(1, "bad ip")], retry=[3])])
    forward = loops.forward(siem)
    fill(loops, ids_of(0, 5))
    loops.drain(forward)
    assert sorted(siem.accepted) == [event_id for event_id in ids_of(0, 5) if event_id != ids_of(1, 2)[0]]
    ((_, dead),) = loops.dead_letters.read()
    assert dead.select("destination", "event_id", "reason").row(0) == ("siem", ids_of(1, 2)[0], "bad ip")
    assert batch_file.decode(dead["raw"][0])[0]["event.id"].to_list() == ids_of(1, 2)
    assert balanced(loops, forward)


def test_rows_too_long_are_refused_without_being_sent(loops: Loops) -> None:
    """A row above the destination's row limit never reaches it."""
    siem = ScriptedDestination(max_row_bytes=40)
    forward = loops.forward(siem)
    fill(loops, [*ids_of(0, 2), "x" * 64, *ids_of(2, 4)])
    loops.drain(forward)
    assert siem.accepted == ids_of(0, 4)
    ((_, dead),) = loops.dead_letters.read()
    assert "65 bytes; this destination accepts 40" in dead["reason"][0]


def test_a_learned_smaller_limit_recuts_what_is_left(loops: Loops) -> None:
    """After a 413 the rows go out again in smaller chunks."""
    siem = ScriptedDestination(max_rows=8)

    def too_large(chunk: Chunk) -> Outcome:
        siem.limits = replace(siem.limits, max_rows=3)
        return Outcome(retry=range(len(chunk.lines)))

    siem.script = [too_large]
    forward = loops.forward(siem)
    fill(loops, ids_of(0, 20))
    loops.drain(forward)
    assert siem.accepted == ids_of(0, 20)
    assert siem.sends == 1 + 3 + 4


def test_alerts_overtake_events(loops: Loops) -> None:
    """An alert raised in the middle of a backlog goes out after the chunk in hand."""
    siem = ScriptedDestination(max_rows=2)

    def alert_meanwhile(chunk: Chunk) -> Outcome:
        raise_alert(loops, "a" * 32)
        return Outcome()

    siem.script = [alert_meanwhile]
    forward = loops.forward(siem)
    fill(loops, ids_of(0, 6))
    loops.drain(forward)
    assert siem.accepted == [*ids_of(0, 2), "a" * 32, *ids_of(2, 6)]
    assert balanced(loops, forward)


def test_a_restart_goes_on_where_acceptance_ended(loops: Loops) -> None:
    """The position is read back to the row."""
    siem = ScriptedDestination(max_rows=3)
    first = loops.forward(siem)
    fill(loops, ids_of(0, 9))

    def accept_and_stop(_: Chunk) -> Outcome:
        loops.stop.set()
        return Outcome()

    siem.script = [accept_and_stop]
    loops.drain(first)
    assert first.shards[0].queue.position("events") == Position(0, 3)
    loops.stop.clear()
    loops.drain(loops.forward(siem))
    assert siem.accepted == ids_of(0, 9)


def test_a_row_that_cannot_be_encoded_is_put_aside(loops: Loops) -> None:
    """A row on which a format raises is kept aside at once, and the rest is sent: other orgs wait behind it."""
    siem = ScriptedDestination()
    forward = loops.forward(siem)
    fill(loops, [*ids_of(0, 4), "poison", *ids_of(4, 30)])
    loops.drain(forward)
    assert siem.accepted == ids_of(0, 30)
    ((_, dead),) = loops.dead_letters.read()
    assert dead["event_id"].to_list() == ["poison"]
    assert balanced(loops, forward)


def test_a_fault_in_sending_is_tried_again_in_the_process(loops: Loops) -> None:
    """What breaks no row alone ends the attempt: told, and tried again after pauses that grow; nothing is lost or kept aside."""
    siem, clock = ScriptedDestination(), [0.0]
    forward = loops.forward(siem, monotonic=lambda: clock[0])
    fill(loops, ids_of(0, 4))
    siem.script = [RuntimeError("a fault of ours"), RuntimeError("a fault of ours")]
    for _ in range(2):
        loops.drain(forward)
        assert siem.accepted == []
        assert loops.problems.is_open("pass-failed", "delivery to siem")
        clock[0] += LONGEST_PAUSE
    loops.drain(forward)
    assert siem.accepted == ids_of(0, 4)
    assert not loops.problems.is_open("pass-failed", "delivery to siem")
    assert balanced(loops, forward)


def test_a_damaged_batch_is_counted_and_left_behind(loops: Loops) -> None:
    """A batch whose file is gone counts as set aside, to be fetched again; the next one is delivered."""
    siem = ScriptedDestination()
    loops.forward(siem)
    fill(loops, ids_of(0, 3), ids_of(3, 5))
    entry = loops.spool.entry("events", 0)
    assert entry is not None
    (loops.state.directory / "spool" / entry.file.name).unlink()
    restarted = Loops(loops.state)
    forward = restarted.forward(siem)
    restarted.drain(forward)
    assert siem.accepted == ids_of(3, 5)
    assert Accounts(loops.state).delivered("siem", "events").set_aside == 3
    assert balanced(restarted, forward)


def test_a_destination_added_later_begins_at_the_end(loops: Loops) -> None:
    """What was committed before it existed counts as filtered for it."""
    fill(loops, ids_of(0, 3))
    siem = ScriptedDestination()
    forward = loops.forward(siem)
    fill(loops, ids_of(3, 5))
    loops.drain(forward)
    assert siem.accepted == ids_of(3, 5)
    assert Accounts(loops.state).delivered("siem", "events").filtered == 3
    assert balanced(loops, forward)


Answer = Callable[[Chunk], Outcome]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_sum_holds_whatever_a_destination_answers(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Random acceptance, refusal, retry and failure: nothing is lost or counted twice."""
    loops = Loops(OneShard(tmp_path_factory.mktemp("state")))
    siem = ScriptedDestination(max_rows=data.draw(st.integers(1, 6)))

    def answer(chunk: Chunk) -> Outcome:
        fates = data.draw(st.lists(st.sampled_from("aarx"), min_size=len(chunk.lines), max_size=len(chunk.lines)))
        if data.draw(st.integers(0, 4)) == 0:
            raise Unavailable("down")
        return Outcome(
            rejected=[(row, "no") for row, fate in enumerate(fates) if fate == "x"],
            retry=[row for row, fate in enumerate(fates) if fate == "r"],
        )

    siem.script = [answer] * 40
    forward = loops.forward(siem)
    sizes = data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=4))
    ends = [sum(sizes[: n + 1]) for n in range(len(sizes))]
    fill(loops, *[ids_of(end - size, end) for end, size in zip(ends, sizes, strict=True)])
    loops.drain(forward)
    dead = [event_id for _, frame in loops.dead_letters.read() for event_id in frame["event_id"].to_list()]
    assert sorted(siem.accepted + dead) == ids_of(0, ends[-1])
    assert balanced(loops, forward)
    loops.state.close()


def test_lines_are_encoded_once_for_destinations_side_by_side(loops: Loops) -> None:
    """Two destinations with one format at one position share the encoding."""
    from agent.pipeline.shared_lines import SharedLines

    calls = 0

    def encode(frame: pl.DataFrame) -> pl.Series:
        nonlocal calls
        calls += 1
        return frame["event.id"]

    loops.forward(ScriptedDestination())
    fill(loops, ids_of(0, 3))
    entry = loops.spool.entry("events", 0)
    assert entry is not None
    lines = SharedLines()
    frame = loops.spool.read(entry)
    assert lines.of(entry, frame, encode).equals(lines.of(entry, frame, encode))
    assert calls == 1


def test_a_destination_that_fails_now_and_then_gets_its_events(loops: Loops) -> None:
    """What is told about it goes first, and is not so much that nothing else is sent to it any more."""
    destination = ScriptedDestination()
    forward = loops.forward(destination)
    loops.ingest().read(ListSource([batch_of(1, ids_of(0, 3))]))
    for _ in range(20):  # every other answer is that it is busy
        destination.script = [Unavailable("busy")]
        forward.forward()
        loops.event_actions()
    assert set(ids_of(0, 3)) <= set(destination.accepted)
    assert loops.spool.end("alerts").sequence == 2


@pytest.mark.parametrize("times", range(1, 8))
def test_a_full_disk_is_waited_out(loops: Loops, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Whatever of a delivery meets it, also what is told of a dead destination: the loop goes on, and sends no row twice."""
    monkeypatch.setattr("agent.pipeline.forward.FULL_DISK_PAUSE", 0.0)
    destination = ScriptedDestination(script=[Unavailable("busy")])
    forward = loops.forward(destination)
    loops.ingest().read(ListSource([batch_of(1, ids_of(0, 3))]))
    transact, tried = loops.state.transact, []

    def full(wait: float | None = None) -> Any:
        tried.append(wait)
        if len(tried) <= times:
            raise DiskFull("no room")
        return transact(wait)

    monkeypatch.setattr(loops.state, "transact", full)
    loops.drain(forward)
    assert destination.accepted == ids_of(0, 3)
    assert balanced(loops, forward)
