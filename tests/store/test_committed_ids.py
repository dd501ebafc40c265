"""Ids that were taken are known for as long as they must be, in this process and in the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from agent.model import TakenOnce
from agent.store import keys
from agent.store.taken import stored_ids
from agent.store.taken.committed_ids import CommittedIds
from tests.pipeline.fakes import Clock
from tests.store.one_shard import OneShard

ONCE = TakenOnce("real_time", timedelta(days=8))


@pytest.fixture
def state(tmp_path: Path) -> Iterator[OneShard]:
    state = OneShard(tmp_path / "state")
    yield state
    state.close()


def ids(*numbers: int) -> pl.Series:
    """Event ids whose first halves differ."""
    return pl.Series([f"{number:016x}{'0' * 16}" for number in numbers], dtype=pl.String)


def take(taken: CommittedIds, state: OneShard, clock: Clock, numbers: Sequence[int]) -> None:
    taken.take(ids(*numbers))
    with state.transact() as transaction:
        taken.store(transaction, clock.now)
    taken.commit()


def known(taken: CommittedIds, *numbers: int) -> list[bool]:
    unknown = taken.unknown(ids(*numbers))
    return [False] * len(numbers) if unknown is None else [not new for new in unknown.to_list()]


def test_ids_are_known_as_long_as_they_are_kept_and_forgotten_then(state: OneShard) -> None:
    """An id of each day, over a month; a new process knows what the old one does."""
    clock, taken = Clock(), CommittedIds(state, ONCE)
    for day in range(30):
        take(taken, state, clock, [day])
        known_now = known(taken, *range(day + 1))
        assert known_now[-9:] == [True] * len(known_now[-9:])
        assert not any(known_now[:-10])
        assert known(CommittedIds(state, ONCE), *range(day + 1)) == known_now
        clock.now += timedelta(days=1)
    assert len(state.keys(keys.TAKEN.prefix)) <= 10


def test_single_rows_leave_few_keys(state: OneShard, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit writes a tail anew, full ones are joined, and nothing is lost by it."""
    monkeypatch.setattr(stored_ids, "TAIL_BYTES", 16)
    monkeypatch.setattr(stored_ids, "SMALL_BYTES", 200)
    monkeypatch.setattr(stored_ids, "MOST_SMALL", 4)
    monkeypatch.setattr(stored_ids, "PIECE_BYTES", 240)
    clock, taken = Clock(), CommittedIds(state, ONCE)
    for number in range(300):
        take(taken, state, clock, [number])
    take(taken, state, clock, range(300, 500))
    assert all(known(taken, *range(500)))
    assert all(known(CommittedIds(state, ONCE), *range(500)))
    assert not any(known(taken, *range(500, 600)))
    assert len(state.keys(keys.TAKEN.prefix)) < 80


def test_too_many_ids_are_forgotten_before_their_time_and_told(state: OneShard) -> None:
    """The oldest go; what is kept stays below the bound."""
    clock, reports = Clock(), list[str]()
    taken = CommittedIds(state, ONCE, reports.append, most=80)
    for hour in range(30):
        take(taken, state, clock, range(10 * hour, 10 * hour + 10))
        clock.now += timedelta(hours=1)
    assert sum(known(taken, *range(300))) <= 100
    assert all(known(taken, *range(230, 300)))
    assert reports[0].startswith("more than 80 ids of real_time rows")
    assert known(CommittedIds(state, ONCE), *range(300)) == known(taken, *range(300))


def test_what_is_taken_back_was_never_taken(state: OneShard) -> None:
    """A transaction that did not come about leaves nothing behind, in memory or in the state."""
    clock, taken = Clock(), CommittedIds(state, ONCE)
    take(taken, state, clock, [1])
    taken.take(ids(2, 3))
    assert known(taken, 1, 2, 3) == [True, True, True]
    with pytest.raises(ZeroDivisionError), state.transact() as transaction:
        taken.store(transaction, clock.now)
        raise ZeroDivisionError
    taken.take_back()
    assert known(taken, 1, 2, 3) == known(CommittedIds(state, ONCE), 1, 2, 3) == [True, False, False]


def test_a_clock_that_is_set_back_forgets_nothing(state: OneShard) -> None:
    """Ids go on into the newest bucket until time has caught up with it."""
    clock, taken = Clock(), CommittedIds(state, ONCE)
    take(taken, state, clock, [1])
    clock.now -= timedelta(days=20)
    take(taken, state, clock, [2])
    assert known(CommittedIds(state, ONCE), 1, 2, 3) == known(taken, 1, 2, 3) == [True, True, False]
