"""What every `BatchStore` promises of the batches that a state names."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from agent.columns.small import SMALL
from agent.errors import Damaged, DiskFull
from agent.store.batch_file import BatchFile, BatchPart
from agent.store.batch_store import BatchStore
from agent.store.origin import Origin
from agent.store.state import State
from tests.store.contract.conftest import MEMBERS
from tests.store.contract.killed import die, note, run_and_die
from tests.store.contract.members import BATCH_STORES, StateHarness

KINDS = [cls.__name__ for cls in BATCH_STORES]
every = pytest.mark.parametrize("harness", KINDS, indirect=True)

FRAMES = {
    "plain": pl.DataFrame({"id": ["a", "b"], "n": [1, 2]}),
    "nulls": pl.DataFrame({"id": ["a", None], "n": pl.Series([None, None], dtype=pl.Int64)}),
    "no type": pl.DataFrame({"n": pl.Series([None, None], dtype=pl.Null)}),
    "lists": pl.DataFrame({"tags": [["x", "y"], None, []], "deep": [[[1], []], [], None]}),
    "structs": pl.DataFrame({"geo": [{"lat": 1.5, "at": ["x"]}, {"lat": None, "at": None}]}),
    "times": pl.DataFrame({"at": [datetime(2026, 7, 1, tzinfo=UTC)]}, schema={"at": pl.Datetime("ms", "UTC")}),
    "others": pl.DataFrame(
        {"raw": [b"\x00\xff"], "yes": [True], "level": [1.5], "sum": [Decimal("1.50")]},
        schema_overrides={"level": pl.Float32, "sum": pl.Decimal(10, 2)},
    ),
    "categories": pl.DataFrame({"c": pl.Series(["x", "y", "x", None], dtype=pl.Categorical)}),
    "numbers": pl.DataFrame({str(kind): pl.Series([0, 1], dtype=kind) for kind in (pl.UInt8, pl.Int8, pl.UInt64)}),
    "no rows": pl.DataFrame(schema={"id": pl.String, "tags": pl.List(pl.String)}),
    "nothing": pl.DataFrame(),
    "pieces": pl.concat([pl.DataFrame({"n": [1]}), pl.DataFrame({"n": [2]})], rechunk=False),
}

ORIGIN = Origin("acme/log", "log", "Login", "00D", "0AT", "again", "records", "ids")


def rows(first: int, count: int = 3) -> pl.DataFrame:
    return pl.DataFrame({"n": range(first, first + count)})


def name(state: State, store: BatchStore, number: int, frame: pl.DataFrame) -> BatchFile:
    """A batch that the state names as the next one."""
    file = store.hold([frame], "events", number)
    with state.transact() as transaction:
        store.put(transaction, file)
        transaction.set(f"named/{number}", file.encode())
        transaction.set("next", number + 1)
    return file


def let_go(state: State, store: BatchStore, number: int, file: BatchFile) -> None:
    with state.transact() as transaction:
        transaction.delete(f"named/{number}")
        store.delete(transaction, file)


def started(harness: StateHarness) -> tuple[State, BatchStore, list[BatchFile]]:
    """A state as a process starts on it, and the batches that it names."""
    harness.close()
    harness.open()
    state = harness.shard("acme")
    store = state.batches("spool")
    named = [BatchFile.decode(state.data(key) or b"") for key in state.keys("named/")]
    store.clear({"events": state.number("next")}, frozenset(file.name for file in named))
    return state, store, named


def is_there(store: BatchStore, file: BatchFile) -> bool:
    try:
        store.read(file)
    except Damaged:
        return False
    return True


@every
@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_the_very_frame_comes_back(harness: StateHarness, frame: pl.DataFrame) -> None:
    """With its types, nulls, lists and order, also after a new start; what is kept of it says its rows."""
    state = harness.shard("acme")
    file = state.batches("spool").hold([frame], "events", 0, [ORIGIN])
    assert file.parts == (BatchPart(frame.height, ORIGIN),)
    assert file == BatchFile.decode(file.encode())
    with state.transact() as transaction:
        state.batches("spool").put(transaction, file)
        transaction.set("named/0", file.encode())
        transaction.set("next", 1)
    _, store, named = started(harness)
    assert named == [file]
    (read,) = store.read(file)
    assert_frame_equal(read, frame, categorical_as_str=True)
    assert read.schema == frame.schema


@every
@pytest.mark.parametrize("repeated", [1, SMALL + 1])
def test_frames_of_any_kind_are_held_as_one_batch(harness: StateHarness, repeated: int) -> None:
    """Each comes back as it was, small or large, and what is kept of the batch says which rows are whose."""
    frames = [pl.concat([frame] * repeated) for name, frame in FRAMES.items() if name != "categories"]
    store = harness.shard("acme").batches("spool")
    file = store.hold(frames, "events", 0, [ORIGIN, *[None] * (len(frames) - 1)])
    assert file == BatchFile.decode(file.encode())
    assert [part.rows for part in file.parts] == [frame.height for frame in frames]
    assert [part.origin for part in file.parts][:2] == [ORIGIN, None]
    assert file.rows == sum(frame.height for frame in frames)
    for read, frame in zip(store.read(file), frames, strict=True):
        assert_frame_equal(read, frame)
        assert read.schema == frame.schema


@every
def test_a_batch_lives_from_the_transaction_that_names_it_to_the_one_that_lets_go(harness: StateHarness) -> None:
    """And not shorter: one whose letting go was undone is there, one that was discarded or let go of is not."""
    state = harness.shard("acme")
    store = state.batches("spool")
    kept, gone = name(state, store, 0, rows(0)), name(state, store, 1, rows(3))
    discarded = store.hold([rows(6)], "events", 2)
    store.discard(discarded)
    store.discard(discarded)
    with pytest.raises(ZeroDivisionError), state.transact() as transaction:
        store.delete(transaction, kept)
        raise ZeroDivisionError
    with state.transact() as transaction:
        transaction.delete("named/1")
        store.delete(transaction, gone)
        assert is_there(store, gone)  # others may still read it: nothing is committed
    assert [is_there(store, file) for file in (kept, gone, discarded)] == [True, False, False]
    _, store, named = started(harness)
    assert named == [kept]
    assert [is_there(store, file) for file in (kept, gone, discarded)] == [True, False, False]


@every
def test_a_start_clears_what_nobody_named(harness: StateHarness) -> None:
    """A batch that was held when the process ended is gone after the next start; named ones stay as they are."""
    state = harness.shard("acme")
    store = state.batches("spool")
    named = [name(state, store, number, rows(number)) for number in range(3)]
    held = store.hold([rows(9)], "events", 3)
    _, store, found = started(harness)
    assert found == named
    assert [is_there(store, file) for file in (*named, held)] == [True, True, True, False]


@every
def test_stores_of_other_shards_and_purposes_are_others(harness: StateHarness) -> None:
    """Clearing one that names nothing leaves the batches of the rest."""
    names = [("acme", "spool"), ("acme", "aside"), ("other", "spool"), ("", "spool")]
    stores = [harness.shard(shard).batches(purpose) for shard, purpose in names]
    files = [store.hold([rows(number)], "events", 0) for number, store in enumerate(stores)]
    stores[0].clear({"events": 0}, frozenset())
    assert [is_there(store, file) for store, file in zip(stores, files, strict=True)] == [False, True, True, True]


@every
def test_a_copy_outlives_what_it_was_made_of(harness: StateHarness) -> None:
    """Held in a second store under a name of its own; a copy of what is not there is found to be missing when read."""
    state = harness.shard("acme")
    spool, aside = state.batches("spool"), state.batches("aside")
    file = spool.hold([rows(0)], "events", 0, [ORIGIN])
    copy = aside.hold_copy(spool, file, "aside", 7)
    assert replace(copy, name=file.name) == file
    spool.discard(file)
    assert_frame_equal(aside.read(copy)[0], rows(0))
    missing = aside.hold_copy(spool, file, "aside", 8)
    with pytest.raises(Damaged):
        aside.read(missing)


@every
def test_damage_is_said_and_not_handed_on(harness: StateHarness) -> None:
    """A changed byte is Damaged whenever it is read, and of no other batch."""
    store = harness.shard("acme").batches("spool")
    damaged, whole = store.hold([rows(0)], "events", 0), store.hold([rows(3)], "events", 0)
    harness.damage("acme", "spool", damaged)
    for _ in range(2):
        with pytest.raises(Damaged):
            store.read(damaged)
    assert_frame_equal(store.read(whole)[0], rows(3))


@every
def test_a_full_disk_leaves_nothing_of_a_batch(harness: StateHarness) -> None:
    """DiskFull, no half of a file anywhere, the others whole; with room again the same is held."""
    state = harness.shard("acme")
    store = state.batches("spool")
    whole = store.hold([rows(0)], "events", 0)
    before = sorted(state.directory.rglob("*"))
    with harness.no_room(), pytest.raises(DiskFull):
        store.hold([rows(3)], "events", 0)
    assert sorted(state.directory.rglob("*")) == before
    assert_frame_equal(store.read(whole)[0], rows(0))
    assert_frame_equal(store.read(store.hold([rows(3)], "events", 0))[0], rows(3))


@every
def test_threads_hold_at_once(harness: StateHarness) -> None:
    """Frames of one number, even equal ones, held by several threads are as many batches, each whole."""
    store = harness.shard("acme").batches("spool")
    held: list[tuple[int, BatchFile]] = []

    def hold() -> None:
        held.extend((first, store.hold([rows(first)], "events", 0)) for first in range(5))

    threads = [threading.Thread(target=hold) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({file.name for _, file in held}) == 30
    for first, file in held:
        assert_frame_equal(store.read(file)[0], rows(first))


def _die_at(count: int) -> Callable[[], None]:
    """Counts the places that are passed, and dies at one of them."""
    passed = iter(range(count))

    def passing() -> None:
        if next(passed, None) is None:
            die()

    return passing


def _work_and_die(member: str, place: Path, count: int) -> None:
    """Name two batches, let go of the first, hold a third; die at the place of this number at which that may happen."""
    passing = _die_at(count)
    harness = MEMBERS[member](place)
    harness.open()
    state = harness.shard("acme")
    store = state.batches("spool")
    passes = {function: _passing(function, passing) for function in ("os.fsync", "os.unlink")}
    with patch("os.fsync", passes["os.fsync"]), patch("os.unlink", passes["os.unlink"]):
        for number in range(2):
            file = store.hold([rows(number)], "events", number)
            note(place.with_name("held"), file.encode())
            passing()
            with state.transact() as transaction:
                store.put(transaction, file)
                transaction.set(f"named/{number}", file.encode())
                transaction.set("next", number + 1)
                passing()
            note(place.with_name("named"), str(number).encode())
            passing()
        with state.transact() as transaction:
            store.delete(transaction, BatchFile.decode(state.data("named/0") or b""))
            transaction.delete("named/0")
            passing()
            transaction.after_commit(passing)
        note(place.with_name("let go"), b"0")
        passing()
        note(place.with_name("held"), store.hold([rows(2)], "events", 2).encode())
    note(place.with_name("end"), b"")
    die()


def _passing(function: str, passing: Callable[[], None]) -> Callable[..., Any]:
    """One of the system's functions, with a place to die before it and one after it."""
    module, _, called = function.rpartition(".")
    known = getattr(__import__(module), called)

    def call(*arguments: Any, **named: Any) -> Any:
        passing()
        result = known(*arguments, **named)
        passing()
        return result

    return call


@pytest.mark.parametrize("member", KINDS)
def test_a_kill_anywhere_leaves_exactly_what_is_named(member: str, tmp_path: Path) -> None:
    """Between any two steps of holding, naming and letting go: after the next start the batches that the state names
    are there, whole, and no other is; what had been committed before the kill is committed.
    """
    for count in range(100):
        place = tmp_path / str(count)
        place.mkdir()
        run_and_die(_work_and_die, member, place / "state", count)
        harness = MEMBERS[member](place / "state")
        _, store, named = started(harness)
        for file in named:
            first = int(store.read(file)[0]["n"][0])
            assert_frame_equal(store.read(file)[0], rows(first))
        held = [BatchFile.decode(line) for line in _lines(place / "held")]
        assert [is_there(store, file) for file in held] == [file in named for file in held]
        starts = {int(store.read(file)[0]["n"][0]) for file in named}
        committed = {int(number) for number in _lines(place / "named")} - {int(n) for n in _lines(place / "let go")}
        assert committed <= starts | ({0} if 1 in starts else set())  # letting go may have been committed, untold
        harness.close()
        if (place / "end").exists():
            assert (len(held), starts) == (3, {1})
            return
    raise AssertionError("the work has no end")


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines() if path.exists() else []
