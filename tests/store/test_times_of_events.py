"""Times in events that wait to be sent: they come out of the state as times, whichever version put them there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from agent.columns.timestamp import TIME
from agent.store import keys
from tests.pipeline.fakes import Loops
from tests.store.one_shard import OneShard

DUE = datetime(2026, 7, 4, 10, tzinfo=UTC)


@pytest.fixture
def loops(tmp_path: Path) -> Iterator[Loops]:
    loops = Loops(OneShard(tmp_path / "state"))
    yield loops
    loops.state.close()


def test_a_time_stays_a_time_in_the_state(loops: Loops) -> None:
    """And a text that looks like one stays a text."""
    loops.problems.announce("clock-started", "it runs", fields={"leakline.clock.due": DUE, "user.name": "2026-07-04"})
    (batch,) = loops.problems.events()
    assert batch.frame.schema["leakline.clock.due"] == TIME
    assert batch.frame["leakline.clock.due"].to_list() == [DUE]
    assert batch.frame["user.name"].to_list() == ["2026-07-04"]


def test_an_event_of_the_version_before_is_still_sent(loops: Loops) -> None:
    """One that was stored before there were times in events."""
    loops.problems.announce("rows-dropped", "by hand", fields={"leakline.rows": 3})
    (key,) = loops.state.keys(keys.OUTBOX.prefix)
    stored = orjson.loads(loops.state.data(key) or b"")
    del stored["times"]
    with loops.state.transact() as transaction:
        transaction.set(key, orjson.dumps(stored))
    (batch,) = loops.problems.events()
    assert batch.frame["leakline.rows"].to_list() == [3]
