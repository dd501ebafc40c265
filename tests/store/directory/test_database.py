"""The database of a state directory, and what it takes of the process."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.store.directory.database import Database
from agent.store.directory.state_directory import StateDirectory


def open_logs(directory: Path) -> int:
    """How many connections this process has to the database: each has the file of the log open."""
    found = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            found += descriptor.readlink() == directory / "database" / "cache.db-wal"
        except FileNotFoundError:
            continue
    return found


@contextmanager
def no_collections() -> Iterator[None]:
    """Of garbage: they may be far apart."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def test_a_thread_that_ends_leaves_no_connection(tmp_path: Path) -> None:
    """However many threads there were, one after the other or at once."""
    state = StateDirectory(tmp_path)
    with no_collections():
        for count in [1] * 20 + [20]:
            threads = [threading.Thread(target=lambda: state.get("a")) for _ in range(count)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert open_logs(tmp_path) == 1
    state.close()
    assert open_logs(tmp_path) == 0


def test_names_of_shards_are_found_without_reading_their_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One look-up for each shard, however many keys it has; folders and keys of the process are no org's."""
    state = StateDirectory(tmp_path)
    names = ["a", "a-b", "a.b", "ab", "Z", "process"]
    for shard in ("", *names):
        with state.shard(shard).transact() as transaction:
            for number in range(50):
                transaction.set(f"k/{number}", number)
    looked, between = [], Database.keys_between

    def count(self: Database, first: str, end: str | None, most: int = -1) -> list[str]:
        found = between(self, first, end, most)
        looked.append(len(found))
        return found

    monkeypatch.setattr(Database, "keys_between", count)
    assert state.shards() == ["", *sorted(names)]
    assert looked == [1] * len(names) + [0]
    state.close()


def test_a_failed_opening_leaves_nothing_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The directory can be opened at once when what kept it from being opened is gone."""
    StateDirectory(tmp_path).close()
    with monkeypatch.context() as patch:
        patch.setattr("agent.store.directory.migrations.bring_up_to_date", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            StateDirectory(tmp_path)
    assert open_logs(tmp_path) == 0
    StateDirectory(tmp_path).close()
