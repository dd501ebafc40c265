"""A frame in pieces: what was added and not deleted is there, after any number of batches and restarts."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.detection.memory import key_parts, stored_frame
from agent.detection.memory.frame_bytes import decoded
from agent.detection.memory.piece_cache import EncodedPieces
from agent.detection.memory.stored_frame import PieceLayout, PieceWriter, StoredFrame, of_head
from tests.detection.memory_store import MemoryStore

SCHEMA = pl.Schema({"key": pl.UInt64, "slot": pl.Int32, "text": pl.String})
LAYOUT = PieceLayout(time="slot", width=10, order=("key", "slot"), rows=20)


StoredRow = tuple[int, int, str]


def frame(rows: list[tuple[int, int]]) -> pl.DataFrame:
    return pl.DataFrame([(key, slot, f"{key} at {slot}") for key, slot in rows], SCHEMA, orient="row")


def contents(stored: StoredFrame, store: MemoryStore) -> list[StoredRow]:
    """All rows, as the state has them."""
    parts = [decoded(store[key]) for key in stored.keys]
    return sorted(pl.concat([SCHEMA.to_frame(), *parts]).rows())


def committed(writer: PieceWriter, store: MemoryStore, cache: EncodedPieces) -> None:
    store.apply(writer.changes)
    cache.commit(writer.pieces)


BATCHES = st.lists(
    st.lists(st.tuples(st.integers(0, 9), st.integers(-20, 50)), max_size=30) | st.integers(-20, 60), max_size=40
)
"""Rows to add, or the slot before which pieces go."""


@settings(max_examples=60, deadline=None)
@given(
    batches=BATCHES, room=st.sampled_from([0, 1_000_000]), restart=st.booleans(), largest=st.sampled_from([300, 9_000])
)
def test_what_was_added_is_there_until_its_piece_is_old(
    batches: list[list[tuple[int, int]] | int], room: int, *, restart: bool, largest: int
) -> None:
    """However pieces are cut, joined, left out of memory and read back."""
    store = MemoryStore()
    cache, stored = EncodedPieces(store.get, room), StoredFrame("rows")
    expected: list[StoredRow] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored_frame, "MANY", 2)
        patch.setattr(stored_frame, "BYTES", largest)
        for batch in batches:
            writer = PieceWriter(cache)
            if isinstance(batch, int):
                stored = writer.without(stored, [piece for piece in stored.pieces if piece.newest < batch])
            else:
                stored = writer.add(stored, frame(batch), LAYOUT)
                expected += frame(batch).rows()
            committed(writer, store, cache)
            if restart:
                cache, stored = EncodedPieces(store.get, room), of_head("rows", stored.head())
            left = contents(stored, store)
            if isinstance(batch, int):
                # A bucket is ten slots wide: what lies in one before has gone, what is not older is there.
                assert all(row[1] // 10 >= batch // 10 for row in left)
                assert [row for row in left if row[1] >= batch] == sorted(row for row in expected if row[1] >= batch)
                expected = left
            assert left == sorted(expected)
            assert stored.rows == len(expected)
            assert store.keys() == set(stored.keys)


def test_small_pieces_become_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch's row is written anew once for each size of pieces, not once for each batch."""
    monkeypatch.setattr(stored_frame, "MANY", 4)
    cache, stored, layout = EncodedPieces(lambda _: None), StoredFrame("rows"), PieceLayout(rows=10_000)
    written = 0
    for batch in range(500):
        writer = PieceWriter(cache)
        stored = writer.add(stored, frame([(batch, 0)]), layout)
        cache.commit(writer.pieces)
        written += sum(decoded(data).height for data in writer.pieces.values() if data is not None)
    assert stored.rows == 500
    assert len(stored.pieces) <= 4 * 4
    assert written < 500 * 5


def test_a_number_is_not_used_again() -> None:
    """Within one transaction a key is written or deleted, and means one piece."""
    writer, stored = PieceWriter(EncodedPieces(lambda _: None)), StoredFrame("rows")
    stored = writer.add(stored, frame([(1, 1)]), LAYOUT)
    stored = writer.replaced(stored, stored.pieces, frame([(2, 1)]), LAYOUT)
    assert [key for key, value in writer.changes.items() if value is None] == ["rows/1"]
    assert stored.keys == ["rows/2"]


def test_pieces_of_other_buckets_stay_apart() -> None:
    """So that the old ones can go whole; of several pieces the layout says what they are together."""
    writer, stored = PieceWriter(EncodedPieces(lambda _: None)), StoredFrame("rows")
    stored = writer.add(stored, frame([(1, 5), (2, 15), (3, 16)]), LAYOUT)
    assert [(piece.oldest, piece.newest, piece.rows) for piece in stored.pieces] == [(5, 5, 1), (15, 16, 2)]
    assert [part["key"].to_list() for part in writer.read(stored, stored.within(10, 15))] == [[2, 3]]


def _each_once(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.unique(["key", "slot"])


def test_pieces_are_remade_a_part_of_the_groups_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in several pieces stands in one afterwards, from the lowest number of a group to the highest."""
    monkeypatch.setattr(key_parts, "PART", 3)
    store = MemoryStore()
    cache, layout = EncodedPieces(store.get), PieceLayout("slot", 10, ("key", "slot"), whole=_each_once)
    keys = [0, 1, 2**62, 2**63 - 1, 2**63, 2**64 - 1]
    writer = PieceWriter(cache)
    stored = StoredFrame("rows")
    for _ in range(3):
        stored = writer.add(stored, frame([(key, 4) for key in keys]), layout)
    committed(writer, store, cache)
    writer = PieceWriter(cache)
    stored = writer.remade(stored, stored.pieces, layout)
    committed(writer, store, cache)
    assert contents(stored, store) == [(key, 4, f"{key} at 4") for key in keys]
    assert stored.rows == len(keys)
    assert set(store) == set(stored.keys)


def test_pieces_that_cannot_be_read_are_not_remade() -> None:
    """The others stay where they are."""
    store = MemoryStore()
    cache = EncodedPieces(store.get, 0)
    writer = PieceWriter(cache)
    stored = writer.add(writer.add(StoredFrame("rows"), frame([(1, 1)]), LAYOUT), frame([(2, 11)]), LAYOUT)
    store.apply(writer.changes)
    del store[stored.keys[0]]
    writer = PieceWriter(EncodedPieces(store.get, 0))
    assert writer.remade(stored, stored.pieces, LAYOUT) == stored
    assert not writer.changes
