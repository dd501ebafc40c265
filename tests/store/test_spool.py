"""Batch files, lanes, trimming."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from agent.columns.frame_parts import FrameParts
from agent.errors import Damaged
from agent.store.recent_frames import RecentFrames
from agent.store.spool import Position, Spool
from agent.store.state import State
from tests.pipeline.fakes import frame_of, ids_of
from tests.store.one_shard import OneShard


def commit(state: State, spool: Spool, *ids: list[str]) -> None:
    written = [spool.write("events", [frame_of(batch)]) for batch in ids]
    with state.transact() as transaction:
        entries = spool.name(transaction, written)
    spool.publish(entries, written)


def test_a_batch_is_read_back_after_a_restart(tmp_path: Path) -> None:
    """Frames survive a new process, in the order they were committed."""
    state = OneShard(tmp_path)
    commit(state, Spool(state), ids_of(0, 3), ids_of(3, 5))
    spool = Spool(state)
    frames = [spool.read(entry) for entry in (spool.entry("events", 0), spool.entry("events", 1)) if entry]
    assert [rows.column("event.id").to_list() for rows in frames] == [ids_of(0, 3), ids_of(3, 5)]
    assert spool.end("events") == Position(2)
    state.close()


def test_a_file_no_transaction_names_is_removed_at_start(tmp_path: Path) -> None:
    """A crash between the file and the transaction leaves no trace."""
    state = OneShard(tmp_path)
    spool = Spool(state)
    spool.write("events", [frame_of(ids_of(0, 1))])
    (tmp_path / "process" / "spool" / "half.tmp").write_bytes(b"torn")
    assert len(list((tmp_path / "process" / "spool").iterdir())) == 2
    Spool(state)
    assert list((tmp_path / "process" / "spool").iterdir()) == []
    state.close()


def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    """A flipped byte is noticed by the checksum; the file moves to quarantine."""
    state = OneShard(tmp_path)
    commit(state, Spool(state), ids_of(0, 100))
    (path,) = (tmp_path / "process" / "spool").iterdir()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    spool = Spool(state)
    entry = spool.entry("events", 0)
    assert entry is not None
    with pytest.raises(Damaged, match="checksum"):
        spool.read(entry)
    assert [file.name for file in (tmp_path / "process" / "spool" / "quarantine").iterdir()] == [path.name]
    state.close()


def test_trimming_keeps_what_somebody_still_needs(tmp_path: Path) -> None:
    """Only batches below the lowest position go, from the state and from disk."""
    state = OneShard(tmp_path)
    spool = Spool(state)
    commit(state, spool, ids_of(0, 2), ids_of(2, 4), ids_of(4, 6))
    assert spool.trim({"events": Position(2, 1)}) == 2
    assert spool.start("events") == Position(2)
    assert spool.rows_between("events", Position(2, 1), spool.end("events")) == 1
    assert len(list((tmp_path / "process" / "spool").iterdir())) == 1
    commit(state, spool, ids_of(6, 8))
    assert Spool(state).end("events") == Position(4)
    state.close()


def test_few_rows_of_many_columns_take_more_memory_than_their_cells() -> None:
    """A frame of one row counts what its columns take."""
    recent = RecentFrames(40_000)
    row = pl.DataFrame({f"field {number}": [number] for number in range(20)})
    for number in range(10):
        recent.keep(("acme", "events", number), FrameParts.of(row))
    assert [number for number in range(10) if recent.get(("acme", "events", number))] == [9]


def test_memory_for_recent_frames_is_bounded(tmp_path: Path) -> None:
    """Spools of all shards keep so much together; old frames are read from disk again, each shard's its own."""
    recent = RecentFrames(10_000)
    shards = [OneShard(tmp_path / name, name) for name in ("acme", "other")]
    spools = [Spool(shard, recent=recent) for shard in shards]
    for number, (shard, spool) in enumerate(zip(shards, spools, strict=True)):
        first = 1000 * number
        commit(shard, spool, *[ids_of(start, start + 100) for start in range(first, first + 1000, 100)])
        assert recent.bytes_held() <= 10_000
    for number, spool in enumerate(spools):
        entry = spool.entry("events", 0)
        assert entry is not None
        assert spool.read(entry).column("event.id").to_list() == ids_of(1000 * number, 1000 * number + 100)
    for shard in shards:
        shard.close()
