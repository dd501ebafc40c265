"""Numbers, positions and accounts of a spool that lost some of its values."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.model import LANES
from agent.store.batch_file import BatchFile, BatchPart
from agent.store.recovery.books import Books
from agent.store.spool import Position
from tests.store.one_shard import OneShard

TAKES = {"siem": LANES}


def batch(rows: int) -> bytes:
    return BatchFile(f"{rows}.arrow", 1, "", (BatchPart(rows),)).encode()


@pytest.mark.parametrize(
    ("position", "first", "row"),
    [("3:2", 13, 2), ("4:7", 15, 0), ("5:0", 15, 0), ("6:1", 16, 1), ("9:0", 99, 0)],
)
def test_gaps_are_closed_and_positions_stay_before_what_they_were_before(
    tmp_path: Path, position: str, first: int, row: int
) -> None:
    """Batches get consecutive numbers up to the next one, and no destination passes over one it has not settled."""
    state = OneShard(tmp_path)
    with state.transact() as transaction:
        for sequence in (3, 5, 6):
            transaction.set(f"spool/batch/events/{sequence:016d}", batch(10 + sequence))
        transaction.set("spool/next/events", 7)
        transaction.set("position/siem/events", position)
        Books(state, transaction, TAKES).close_gaps({})
    rows = {int(key[-16:]): BatchFile.decode(state.data(key) or b"").rows for key in state.keys("spool/batch/events/")}
    following = state.number("spool/next/events")
    assert list(rows) == list(range(following - 3, following))
    assert list(rows.values()) == [13, 15, 16]
    stored = Position.parse(state.text("position/siem/events") or "")
    assert rows.get(stored.sequence, 99) == first
    assert stored.row == row
    state.close()


def test_a_destination_whose_position_is_lost_gets_everything_kept(tmp_path: Path) -> None:
    """Unlike a new destination it stands before what is kept, and the sum holds."""
    state = OneShard(tmp_path)
    with state.transact() as transaction:
        books = Books(state, transaction, TAKES)
        books.add("events", BatchFile.decode(batch(10)))
        transaction.set("account/lane/events", 50)
        books.place_destinations()
        assert state.text("position/siem/events") == "0:0"
        assert books.is_balanced()
        books.reset_accounts()
        assert books.is_balanced()
    state.close()
