"""A record is in the state or in the files from the moment it is committed, whatever happens between the two."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.store import keys
from agent.store.directory.state_directory import StateDirectory
from agent.store.state import State
from agent.trail.files import TrailCut
from agent.trail.record import NotARecord, TrailEntry, read
from agent.trail.shard_trail import FILED, ShardTrail
from agent.trail.verify import verify

NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    directory = StateDirectory(tmp_path / "state")
    yield directory.shard("acme")
    directory.close()


def add(state: State, *names: str) -> None:
    with state.transact() as transaction:
        ShardTrail(state).append(transaction, [TrailEntry("decided", object=name) for name in names], NOW)


def objects(state: State) -> list[str]:
    return [read(line).object for line in ShardTrail(state).lines()]


def test_records_are_read_in_order_before_and_after_they_are_filed(state: State) -> None:
    """From the state, from the files, and from both."""
    add(state, "a", "b")
    assert objects(state) == ["a", "b"]
    assert ShardTrail(state).follow() == 2
    add(state, "c")
    assert objects(state) == ["a", "b", "c"]
    assert [read(line).seq for line in ShardTrail(state).lines(1)] == [1, 2]


def test_what_is_rolled_back_was_never_recorded(state: State) -> None:
    """Neither the record nor its place in the chain."""
    add(state, "a")
    with pytest.raises(RuntimeError), state.transact() as transaction:
        ShardTrail(state).append(transaction, [TrailEntry("decided", object="b")], NOW)
        raise RuntimeError
    add(state, "c")
    assert objects(state) == ["a", "c"]
    assert ShardTrail(state).head().size == 2


def test_a_kill_after_the_write_files_nothing_twice(state: State) -> None:
    """The files have the records and the state does not know it yet."""
    add(state, "a", "b")
    trail = ShardTrail(state)
    trail.files.append(list(trail.lines()), 0, 0)
    add(state, "c")
    assert trail.follow() == 3
    assert objects(state) == ["a", "b", "c"]
    assert len(list(trail.files.lines())) == 3


def test_a_torn_line_is_written_again(state: State) -> None:
    """A kill in the middle of a write leaves a line without an end."""
    add(state, "a", "b")
    trail = ShardTrail(state)
    lines = list(trail.lines())
    trail.files.append(lines[:1], 0, 0)
    (part,) = trail.files.parts()
    part.write_bytes(part.read_bytes() + lines[1][:20])
    assert trail.follow() == 2
    assert part.read_bytes() == lines[0] + b"\n" + lines[1] + b"\n"


def test_files_that_were_cut_are_not_continued(state: State) -> None:
    """The new record stays in the state, and who files it is told."""
    add(state, "a", "b")
    trail = ShardTrail(state)
    trail.follow()
    (part,) = trail.files.parts()
    part.write_bytes(part.read_bytes().split(b"\n")[0] + b"\n")
    add(state, "c")
    with pytest.raises(TrailCut, match="1 records of 2"):
        trail.follow()
    assert state.number(keys.TRAIL.key(FILED)) == 2
    assert len(list(trail.files.lines())) == 1


def test_parts_are_of_a_bounded_size(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that is full is followed by another, named by its first record."""
    monkeypatch.setattr("agent.trail.files.PART_BYTES", 300)
    trail = ShardTrail(state)
    for name in "abcd":
        add(state, name)
        trail.follow()
    assert [part.name for part in trail.files.parts()] == ["0000000000000000.jsonl", "0000000000000002.jsonl"]
    assert objects(state) == list("abcd")
    assert [read(line).object for line in trail.lines(3)] == ["d"]


def test_what_is_personal_stands_beside_the_chain(state: State) -> None:
    """It can be erased, and the chain is what it was."""
    with state.transact() as transaction:
        entry = TrailEntry("decided", personal={"name": "Ana Berg"})
        ShardTrail(state).append(transaction, [entry], NOW)
    (line,) = ShardTrail(state).lines()
    assert b"Ana" not in line
    beside = keys.TRAIL.key("personal/0000000000000000")
    assert b"Ana Berg" in (state.data(beside) or b"")
    with state.transact() as transaction:
        transaction.delete(beside)
    assert list(ShardTrail(state).lines()) == [line]
    assert len(read(line).personal) == 64


def test_a_record_that_is_too_long_is_refused(state: State) -> None:
    """What it is about is to be named, not copied."""
    with pytest.raises(NotARecord, match="longer"), state.transact() as transaction:
        ShardTrail(state).append(transaction, [TrailEntry("decided", data={"text": "x" * 300_000})], NOW)


def test_a_state_that_was_made_anew_goes_on_after_the_files(state: State) -> None:
    """Its records would stand beside those of the files otherwise, and be read by nobody."""
    add(state, "a", "b")
    ShardTrail(state).follow()
    with state.transact() as transaction:
        for key in state.keys(keys.TRAIL.prefix):
            transaction.delete(key)
    assert ShardTrail(state).take_over() == 2
    assert ShardTrail(state).take_over() == 0
    add(state, "c")
    assert ShardTrail(state).follow() == 1
    assert objects(state) == ["a", "b", "c"]
    report = verify({"": list, "acme": ShardTrail(state).lines}, [], [], "")
    assert (report.findings, report.records["acme"]) == ([], 3)
