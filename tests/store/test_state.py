"""The state directory."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from agent.errors import StateError
from agent.store.state import StateRecall
from tests.store.one_shard import OneShard


def test_everything_of_a_transaction_or_nothing(tmp_path: Path) -> None:
    """An exception inside a transaction leaves every key as it was."""
    state = OneShard(tmp_path)
    with state.transact() as transaction:
        transaction.set("a", 1)
    with pytest.raises(RuntimeError), state.transact() as transaction:
        transaction.set("a", 2)
        transaction.set("b", b"x")
        raise RuntimeError
    assert (state.number("a"), state.data("b")) == (1, None)
    state.close()


def test_nested_transactions_commit_together(tmp_path: Path) -> None:
    """What an inner block wrote goes when the outer one fails."""
    state = OneShard(tmp_path)
    with pytest.raises(RuntimeError), state.transact():
        with state.transact() as inner:
            inner.set("a", 1)
        raise RuntimeError
    assert state.get("a") is None
    state.close()


def test_keys_are_found_by_prefix_in_order(tmp_path: Path) -> None:
    """Only keys that begin with the prefix are listed, sorted."""
    state = OneShard(tmp_path)
    with state.transact() as transaction:
        for key in ("m/b", "m/a", "n/a", "m", "m0"):
            transaction.set(key, key)
    assert state.keys("m/") == ["m/a", "m/b"]
    recall = StateRecall(state, "m/")
    assert list(recall.keys("")) == ["a", "b"]
    state.close()


def test_only_plain_values_are_stored(tmp_path: Path) -> None:
    """Nothing that would have to be pickled gets in, nor a value above a megabyte."""
    state = OneShard(tmp_path)
    for value in ({"a": 1}, 1.5, None):
        with pytest.raises(TypeError), state.transact() as transaction:
            transaction.set("a", value)  # type: ignore[arg-type]  # what a caller must not pass
    with pytest.raises(ValueError, match="1048576"), state.transact() as transaction:
        transaction.set("a", bytes((1 << 20) + 1))
    state.close()


def test_nothing_is_ever_evicted(tmp_path: Path) -> None:
    """Thousands of values later the first one is still there (diskcache would have culled by default)."""
    state = OneShard(tmp_path)
    for start in range(0, 3000, 500):
        with state.transact() as transaction:
            for number in range(start, start + 500):
                transaction.set(f"k/{number}", bytes(2000))
    assert len(state.keys("k/")) == 3000
    state.close()


def _open_elsewhere(path: str, answers: multiprocessing.Queue[str]) -> None:
    try:
        OneShard(Path(path))
    except StateError as error:
        answers.put(str(error))
    else:
        answers.put("opened")


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    """One process holds the state; the next is told which."""
    import os

    state = OneShard(tmp_path)
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[str] = context.Queue()
    process = context.Process(target=_open_elsewhere, args=(str(tmp_path), answers))
    process.start()
    answer = answers.get(timeout=60)
    process.join()
    assert f"held by process {os.getpid()}" in answer
    state.close()


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file where the state directory should be is an error in plain words."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="cannot be used"):
        OneShard(tmp_path / "file")
