"""What every `State` promises, wherever it keeps its keys."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.errors import Busy, DiskFull
from agent.store.state import State, StateRecall
from tests.store.contract.conftest import MEMBERS
from tests.store.contract.killed import die, run_and_die
from tests.store.contract.members import STATES, StateHarness

every = pytest.mark.parametrize("harness", [cls.__name__ for cls in STATES], indirect=True)


def elsewhere(work: Callable[[], Any]) -> Any:
    """What another thread gets."""
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(work()))
    thread.start()
    thread.join()
    return answers[0]


def put(state: State, **values: Any) -> None:
    with state.transact() as transaction:
        for key, value in values.items():
            transaction.set(key, value)


@every
def test_values_come_back_as_they_were(harness: StateHarness) -> None:
    """The three kinds of values keep their kind, at their limits as well, and after a new start."""
    values: dict[str, bytes | str | int] = {
        "empty bytes": b"",
        "bytes": bytes(range(256)),
        "largest": bytes(1 << 20),
        "empty text": "",
        "text": "Ünï\x00code 🜨",
        "least": -(1 << 63),
        "most": (1 << 63) - 1,
    }
    put(harness.shard("acme"), **values)
    harness.close()
    harness.open()
    state = harness.shard("acme")
    assert {key: state.get(key) for key in values} == values
    assert (state.text("text"), state.number("text"), state.data("text")) == (values["text"], 0, None)
    assert (state.number("most"), state.text("most"), state.data("bytes")) == (values["most"], None, values["bytes"])
    assert (state.get("none"), state.text("none"), state.number("none"), state.data("none")) == (None, None, 0, None)


@every
@pytest.mark.parametrize(
    ("key", "value", "error"),
    [
        ("k", {"a": 1}, TypeError),
        ("k", 1.5, TypeError),
        ("k", None, TypeError),
        ("k", True, TypeError),
        (b"k", 1, TypeError),
        (7, 1, TypeError),
        ("k", bytes((1 << 20) + 1), ValueError),
        ("k", "ü" * ((1 << 19) + 1), ValueError),
        ("k", 1 << 63, ValueError),
        ("k", -(1 << 63) - 1, ValueError),
        ("k", "half \ud800", ValueError),
        ("k\udfff", 1, ValueError),
    ],
)
def test_other_values_are_refused(harness: StateHarness, key: Any, value: Any, error: type[Exception]) -> None:
    """A refusal undoes the transaction: what was written before it in it is not there."""
    state = harness.shard("acme")
    with pytest.raises(error), state.transact() as transaction:
        transaction.set("before", 1)
        transaction.set(key, value)
    assert state.keys("") == []


@every
def test_others_see_only_what_is_committed(harness: StateHarness) -> None:
    """The writing thread reads its own writes at once; another one has the old values until the commit."""
    state = harness.shard("acme")
    put(state, a=1, gone=1)
    with state.transact() as transaction:
        transaction.set("a", 2)
        transaction.set("b", 1)
        transaction.delete("gone")
        transaction.delete("never there")
        assert (state.get("a"), state.get("gone"), state.keys("")) == (2, None, ["a", "b"])
        assert elsewhere(lambda: (state.get("a"), state.get("b"), state.keys(""))) == (1, None, ["a", "gone"])
    assert elsewhere(lambda: (state.get("a"), state.keys(""))) == (2, ["a", "b"])


@every
def test_changes_are_applied_under_a_prefix(harness: StateHarness) -> None:
    """Each is set, or deleted where there is no value; a recall reads them back without the prefix."""
    state = harness.shard("acme")
    put(state, **{"m/a": b"1", "m/b": b"2", "a": b"3"})
    with state.transact() as transaction:
        transaction.apply("m/", {"a": None, "c": b"4", "none": None})
    recall = StateRecall(state, "m/")
    assert {key: recall(key) for key in recall.keys("")} == {"b": b"2", "c": b"4"}
    assert (recall("a"), state.data("a")) == (None, b"3")


@every
def test_shards_do_not_see_each_other(harness: StateHarness) -> None:
    """Each has its own keys, batches and folder, whatever names resemble each other; the state is one."""
    names = ["", "a", "a.b", "ab", "process", "org", "orgs", "agent"]
    shards = [harness.shard(name) for name in names]
    for shard in shards:
        put(shard, shard=shard.shard, **{"a/b": 1})
    assert [shard.text("shard") for shard in shards] == names
    assert all(shard.keys("") == ["a/b", "shard"] for shard in shards)
    assert len({shard.directory for shard in shards}) == len(names)
    assert len({shard.id for shard in shards}) == 1
    for first, second in itertools.permutations([shard.directory for shard in shards], 2):
        assert not first.is_relative_to(second)


@every
@pytest.mark.parametrize("name", ["../x", "a/b", ".", "..", ".hidden", "a b", "ü", "x" * 65])
def test_what_is_not_a_name_is_not_a_shard(harness: StateHarness, name: str) -> None:
    """It could be a part of another shard, or a place outside the state."""
    with pytest.raises(ValueError, match="not a usable name"):
        harness.shard(name)


@every
def test_whoever_does_not_want_to_wait_is_told(harness: StateHarness) -> None:
    """While a thread is in a transaction another one that waits for a time only gets Busy, and reads go on."""
    state = harness.shard("acme")

    def hurry() -> object:
        try:
            with state.transact(wait=0):
                return "entered"
        except Busy as busy:
            return busy

    with state.transact():
        assert isinstance(elsewhere(hurry), Busy)
        assert elsewhere(lambda: state.get("a")) is None
        with state.transact(wait=0):
            pass  # its own thread does not wait for itself
    assert elsewhere(hurry) == "entered"


@every
def test_threads_take_turns(harness: StateHarness) -> None:
    """Counting up in transactions of many threads, in two shards, loses no step."""
    shards = [harness.shard("acme"), harness.shard("other")]

    def count() -> None:
        for state in shards * 10:
            with state.transact() as transaction:
                transaction.set("n", state.number("n") + 1)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [state.number("n") for state in shards] == [40, 40]


@every
def test_a_full_disk_leaves_nothing(harness: StateHarness) -> None:
    """DiskFull, all values as before, nothing done that waited for the commit; with room again the same works."""
    state, done = harness.shard("acme"), []
    put(state, a=1)

    def write() -> None:
        with state.transact() as transaction:
            transaction.after_commit(lambda: done.append("committed"))
            transaction.set("a", 2)
            for number in range(50):
                transaction.set(f"large/{number}", bytes(100_000))

    with harness.no_room(), pytest.raises(DiskFull):
        write()
    assert (state.get("a"), state.keys(""), done) == (1, ["a"], [])
    write()
    assert (state.get("a"), len(state.keys("large/")), done) == (2, 50, ["committed"])


@every
def test_a_full_disk_that_is_caught_inside_lets_nothing_through(harness: StateHarness) -> None:
    """Whatever a part did not get room for, what else is written is committed with all the rest, or not at all."""
    state = harness.shard("acme")
    caught: list[Exception] = []
    with harness.no_room():
        try:
            with state.transact() as transaction:
                transaction.set("before", 1)
                try:
                    with state.transact() as inner:
                        for number in range(50):
                            inner.set(f"large/{number}", bytes(100_000))
                except DiskFull as error:
                    caught.append(error)
                transaction.set("after", 1)
        except Exception as error:
            caught.append(error)
    assert caught
    assert state.keys("") in ([], ["after", "before"])


def _commit_and_die(member: str, place: Path, *, inside: bool) -> None:
    harness = MEMBERS[member](place)
    harness.open()
    state = harness.shard("acme")
    put(state, before=1)
    with state.transact() as transaction:
        for number in range(100):
            transaction.set(f"k/{number:03d}", bytes(1000))
        if inside:
            die()
    die()


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "after"])
@pytest.mark.parametrize("member", [cls.__name__ for cls in STATES])
def test_a_killed_process_leaves_all_or_nothing(member: str, inside: bool, tmp_path: Path) -> None:
    """Killed inside the transaction nothing of it is there; killed right after it everything is."""
    run_and_die(_commit_and_die, member, tmp_path / "state", inside=inside)
    harness = MEMBERS[member](tmp_path / "state")
    harness.open()
    state = harness.shard("acme")
    assert (state.get("before"), len(state.keys("k/"))) == (1, 0 if inside else 100)
    harness.close()
