"""Where drills are kept: in a real state."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from agent.drills import book
from agent.drills.drill import Drill, decode
from agent.store import keys
from agent.store.directory.state_directory import StateDirectory
from agent.store.queue.shards import open_shards
from agent.store.state import State, StateRecall

NOW = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
EARLY, LATE = "2026-11-01T09:00:00Z", "2026-11-02T09:00:00Z"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    directory = StateDirectory(tmp_path / "state")
    yield open_shards(directory, (), lambda: NOW)[keys.PROCESS].state
    directory.close()


@pytest.fixture
def recall(state: State) -> StateRecall:
    return StateRecall(state, keys.RESPONSE.prefix)


def _keep(state: State, changes: dict[str, bytes | None]) -> None:
    with state.transact() as transaction:
        transaction.apply(keys.RESPONSE.prefix, changes)


def _drill(number: str, scenario: str, ended_at: str | None, verdict: str = "passed") -> Drill:
    stage = {"name": "trail", "verdict": verdict, "sentence": "", "at": EARLY}
    kept = {"id": number, "scenario": scenario, "by": "ana", "speed": 1, "asked_at": EARLY, "begun_at": EARLY}
    return decode(orjson.dumps({**kept, "stages": [stage], "incidents": [], "ended_at": ended_at}))


def test_numbers_go_on_within_a_year_and_begin_anew_with_the_next(state: State, recall: StateRecall) -> None:
    """None is given twice, also where the drill itself was never stored."""
    given = []
    for now in (NOW, NOW, NOW.replace(year=2027), NOW):
        number, counted = book.next_id(recall, now)
        _keep(state, counted)
        given.append(number)
    assert given == ["D-2026-0001", "D-2026-0002", "D-2027-0001", "D-2026-0003"]


def test_drills_come_in_their_order_and_the_newest_of_each_scenario_is_known(state: State, recall: StateRecall) -> None:
    """One that failed is the newest that ended, and not the newest that passed; one that runs is neither."""
    kept = [
        _drill("D-2026-0001", "org_export", EARLY),
        _drill("D-2026-0002", "org_export", LATE, "failed"),
        _drill("D-2026-0003", "org_export", None),
        _drill("D-2026-0004", "token_recon", LATE),
    ]
    for drill in kept:
        _keep(state, book.stored(drill))
    assert book.latest(recall, 100) == kept
    assert book.latest(recall, 2) == kept[-2:]
    assert book.unfinished(recall) == [kept[2]]
    ended, passed = book.newest(recall, NOW)
    assert {name: drill.id for name, drill in ended.items()} == {
        "org_export": "D-2026-0002",
        "token_recon": "D-2026-0004",
    }
    assert {name: drill.id for name, drill in passed.items()} == {
        "org_export": "D-2026-0001",
        "token_recon": "D-2026-0004",
    }


def test_the_ten_thousandth_drill_of_a_year_comes_after_those_before_it(state: State, recall: StateRecall) -> None:
    """All scenarios each day are more than that in a year."""
    numbers = ["D-2026-9999", "D-2026-10000", "D-2026-10001", "D-2027-0001"]
    for number in numbers:
        _keep(state, book.stored(_drill(number, "org_export", LATE)))
    assert [drill.id for drill in book.latest(recall, 9)] == numbers
    assert book.newest(recall, NOW)[0]["org_export"].id == numbers[-1]


def test_a_damaged_one_hides_no_other_and_is_named(state: State, recall: StateRecall) -> None:
    """Nobody may take it for one that never ran, and those before and after it are to be seen still."""
    assert book.drill(recall, "D-2026-0001") is None
    kept = [_drill("D-2026-0001", "org_export", EARLY), _drill("D-2026-0003", "org_export", LATE)]
    for drill in kept:
        _keep(state, book.stored(drill))
    _keep(state, {book.DRILL + "D-2026-0002": b"{"})
    assert book.latest(recall, 3) == kept
    assert book.damaged(recall, 3) == ["D-2026-0002"]
    with pytest.raises(ValueError, match="validation error"):
        book.drill(recall, "D-2026-0002")


def test_one_of_a_clock_that_was_ahead_is_not_the_newest(state: State, recall: StateRecall) -> None:
    """Until the clock says what it said then, or another one has ended."""
    ahead = "2099-01-01T09:00:00Z"
    for drill in (_drill("D-2026-0001", "org_export", LATE, "failed"), _drill("D-2099-0001", "org_export", ahead)):
        _keep(state, book.stored(drill))
    ended, passed = book.newest(recall, NOW)
    assert (ended, passed) == ({}, {})
    _, passed = book.newest(recall, datetime.fromisoformat(ahead))
    assert passed["org_export"].id == "D-2099-0001"
    _keep(state, book.stored(_drill("D-2026-0002", "org_export", LATE)))
    assert [found["org_export"].id for found in book.newest(recall, NOW)] == ["D-2026-0002"] * 2
