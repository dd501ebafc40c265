"""Changes that the audit trail and PermissionSetEvent should both tell: one that only one of them told is announced once."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import orjson
import polars as pl
import pytest

from agent.assembly.told_spans import GRANTS, TRAIL, ToldSpans
from agent.model import Batch, Cursor
from agent.store.completeness.change_books import ACTION, MOST, ChangeBooks
from tests.completeness.conftest import ORG
from tests.pipeline.fakes import NOW, Loops
from tests.store.one_shard import OneShard

NOW_MS = int(NOW.timestamp() * 1000)
TIME = NOW_MS - 3 * 3_600_000


@pytest.fixture
def loops(tmp_path: Path) -> Iterator[Loops]:
    loops = Loops(OneShard(tmp_path / "state", "acme"))
    yield loops
    loops.state.close()


def trail(loops: Loops, *rows: tuple[int, str], read_to: int = NOW_MS) -> None:
    """Commit entries (time, permission set) about user permissions, and that all of a day was read up to a time."""
    columns = {
        "event.id": [f"{number:032x}" for number in range(len(rows))],
        "Action": ["PermSetEnableUserPerm"] * len(rows),
        "Display": [f"Changed permission set {name}: View All Data permission was changed" for _, name in rows],
        "CreatedBy.Username": ["ada@acme.test"] * len(rows),
    }
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)).with_columns(_times(rows))
    cursor = {"version": 1, "events": {TRAIL: [read_to, read_to, []]}, "gaps": {}}
    remember = {f"since/{TRAIL}": str(NOW_MS - 86_400_000).encode()}
    batch = Batch(ORG, "setup_audit_trail", TRAIL, frame, Cursor(orjson.dumps(cursor).decode()), remember)
    loops.ingest().read(SingleBatch(batch, "acme/setup_audit_trail"))


def stream(loops: Loops, *rows: tuple[int, str], covered_to: int = NOW_MS) -> None:
    """Commit events (time, permission set), and that the stream covered all of a day up to a time."""
    columns = {
        "event.id": [f"{number:032x}" for number in range(100, 100 + len(rows))],
        "Operation": ["PermsEnabled"] * len(rows),
        "ParentNameList": [f"[{name}]" for _, name in rows],
        "Username": ["Ada@acme.test"] * len(rows),
    }
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)).with_columns(_times(rows))
    covered = {f"covered/{GRANTS}": orjson.dumps([[NOW_MS - 86_400_000, covered_to]])}
    batch = Batch(ORG, "real_time_event_monitoring", GRANTS, frame, Cursor("1"), covered)
    loops.ingest().read(SingleBatch(batch, "acme/real_time"))


class SingleBatch:
    """A source with one batch."""

    def __init__(self, batch: Batch, name: str) -> None:
        self.name = name
        self._batch = batch

    def read(self, after: Cursor | None) -> Generator[Batch]:
        yield self._batch


def _times(rows: tuple[tuple[int, str], ...]) -> pl.Series:
    return pl.Series("@timestamp", [time for time, _ in rows], dtype=pl.Int64).cast(pl.Datetime("ms", "UTC"))


def told(loops: Loops) -> list[str]:
    """What a tick announces, by a new process."""
    problems = loops.restarted().problems
    ChangeBooks(loops.state).judge(NOW, ToldSpans(loops.state, "acme"), problems, ORG, (TRAIL, GRANTS))
    found = []
    for batch in problems.events():
        assert batch.frame["event.action"].to_list() == [ACTION]
        found.append(str(batch.frame["message"][0]))
        loops.ingest().take("agent", batch)
    return found


def test_what_both_told_is_no_news(loops: Loops) -> None:
    """Minutes apart, the set by its label and by its name, one event for two entries."""
    trail(loops, (TIME, "Data Export"), (TIME + 1_000, "Data Export"))
    stream(loops, (TIME + 300_000, "Data_Export"))
    assert told(loops) == []
    assert {change.is_judged for change in ChangeBooks(loops.state).changes()} == {True}


def test_a_change_that_one_told_is_announced_once(loops: Loops) -> None:
    """In either direction, with who and what."""
    trail(loops, (TIME, "Billing"))
    stream(loops, (TIME, "Data_Export"))
    trail_alone, event_alone = told(loops)
    assert trail_alone.startswith(
        "SetupAuditTrail says that ada@acme.test changed the permission set Billing at 2026-07-01 09:"
    )
    assert trail_alone.endswith("; PermissionSetEvent does not")
    assert event_alone.startswith(
        "PermissionSetEvent says that ada@acme.test changed the permission set Data_Export at "
    )
    assert told(loops) == []


def test_nobody_is_blamed_who_was_not_read(loops: Loops) -> None:
    """A feed that has not read ten minutes beyond the change may still tell it; one that never was read cannot."""
    stream(loops, (TIME, "Data_Export"))
    assert told(loops) == []
    trail(loops, read_to=TIME + 3_600_000 + 500_000)
    assert told(loops) == []
    trail(loops, read_to=TIME + 3_600_000 + 600_000)
    assert len(told(loops)) == 1


def test_a_change_of_now_waits(loops: Loops) -> None:
    """For an hour, in which rows may become visible late."""
    stream(loops, (NOW_MS - 1_800_000, "Data_Export"), covered_to=NOW_MS)
    trail(loops, read_to=NOW_MS + 7_200_000)
    assert told(loops) == []


def test_what_is_kept_is_bounded(loops: Loops) -> None:
    """The oldest changes go first."""
    books = ChangeBooks(loops.state)
    many = [(TRAIL, "contents", "a", "ada", number, "a", True) for number in range(MOST + 5)]
    with loops.state.transact() as transaction:
        books.add(transaction, many)
    assert [change.time for change in books.changes()][:1] == [5]
    assert len(books.changes()) == MOST
