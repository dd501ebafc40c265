"""Days of an org whose allowance is too small for all its sources, minute by minute."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agent.sources.salesforce.budget.settings import ApiBudget
from tests.pipeline.fakes import NOW
from tests.sources.salesforce.budget.model_day import DAY, MINUTE, ModelDay, usual_sources

HOUR = timedelta(hours=1)


def shares(day: ModelDay, priority: str, days: list[int]) -> list[float]:
    return [source.share(days) for source in day.sources if source.priority == priority]


def test_important_sources_have_all_their_turns_while_the_least_important_wait() -> None:
    """Of 6,912 calls that a day would cost 4,000 may be used: high and normal lose nothing, low has what is left over."""
    day = ModelDay(5_000, usual_sources())
    day.run(2 * DAY)
    assert shares(day, "high", [0, 1]) == [1, 1, 1]
    assert min(shares(day, "normal", [0, 1])) > 0.99
    assert 0 < shares(day, "low", [1])[0] < 0.2
    assert day.peak < 4_000


def test_what_somebody_else_uses_is_taken_from_the_less_important() -> None:
    """Somebody who begins to use 720 calls a day slows the middle down, evenly, and what matters most not at all."""
    day = ModelDay(5_000, usual_sources(), foreign=lambda passed: int(passed % (2 * MINUTE) < MINUTE))
    day.run(2 * DAY)
    assert shares(day, "high", [0, 1]) == [1, 1, 1]
    assert min(shares(day, "normal", [1])) > 0.4
    waits = [source.longest_wait(DAY, 2 * DAY) for source in day.sources if source.priority == "normal"]
    assert max(waits) < 6 * HOUR
    assert day.peak < 4_000


def test_all_go_on_as_ever_once_the_allowance_is_back() -> None:
    """A day after somebody else used most of it up, every source has every turn again."""
    day = ModelDay(15_000, usual_sources(), foreign=lambda passed: 100 if passed < HOUR else 0)
    day.run(12 * HOUR)
    assert shares(day, "low", [0])[0] < 0.3  # of a whole day, half of which is over
    day.run(2 * DAY + 12 * HOUR)
    assert [source.share([2]) for source in day.sources] == [pytest.approx(1, abs=0.01)] * 6


def test_nobody_is_slowed_down_where_there_is_plenty() -> None:
    """A source that has a hundred times as much to read as usual reads it at once."""
    sources = usual_sources()
    sources[-1].calls = 1_200
    day = ModelDay(100_000, sources)
    day.run(20 * MINUTE)
    assert len(sources[-1].turns) == 4


def test_a_backfill_has_its_share_of_what_the_sources_leave_and_no_more() -> None:
    """It wants everything at once; all sources have every turn, and it ends at half of what is left over."""
    day = ModelDay(15_000, usual_sources())
    day.run(3 * HOUR)
    day.run(50 * MINUTE, backfill=100)
    assert 1_000 < len(day.backfilled) < 2_500
    hold = day.book.backfill_turn()
    assert hold is not None
    assert timedelta() < hold.until - day.clock.now <= DAY
    day.run(20 * HOUR + 10 * MINUTE)
    assert min(source.share([0]) for source in day.sources) == 1


def test_a_backfill_waits_where_its_share_is_nothing() -> None:
    """`backfill_share: 0` holds it back altogether, and sources not at all."""
    day = ModelDay(100_000, usual_sources(), ApiBudget(backfill_share=0))
    day.run(HOUR, backfill=1)
    assert day.backfilled == []
    assert min(source.share([0]) * 24 for source in day.sources) == pytest.approx(1)


def test_own_share_bounds_our_calls_alone() -> None:
    """Of 100,000 calls that nobody else uses, 3 % are ours: 3,000 a day, those that matter most first."""
    day = ModelDay(100_000, usual_sources(), ApiBudget(own_share=0.03))
    day.run(DAY + 12 * HOUR)
    assert day.peak <= 3_001
    assert min(shares(day, "high", [0])) == 1
    assert shares(day, "low", [0])[0] < 0.1


def test_a_restart_forgets_nothing_of_what_was_used() -> None:
    """With what the last process kept, the new one holds back as it did; without, it would begin with a burst."""
    day = ModelDay(5_000, usual_sources())
    day.run(20 * HOUR)
    kept = day.book.kept()
    assert kept is not None
    before = day.book.status()
    day.begin_book(kept)
    assert day.book.status() == before
    assert day.book.kept() is None
    begun = day.clock.now
    day.run(2 * HOUR)
    low = next(source for source in day.sources if source.priority == "low")
    assert sum(turn >= begun for turn in low.turns) <= 3
    assert day.peak < 4_000


def test_a_clock_that_is_set_back_forgets_nothing_either() -> None:
    """Calls that seem to be of a time to come count for the hour in hand."""
    day = ModelDay(5_000, usual_sources())
    day.run(6 * HOUR)
    before = day.book.status().own
    day.clock.now -= 3 * HOUR
    assert day.book.status().own == before
    day.clock.now = NOW + 40 * HOUR
    assert day.book.status().own == 0


def test_a_hold_says_why_and_until_when() -> None:
    """A person reads how much is used and that it is not a failure; the time is within a day."""
    day = ModelDay(5_000, usual_sources())
    day.run(20 * HOUR)
    holds = [hold for _ in range(3) if (hold := day.book.turn("acme/event_log_object"))]
    assert holds
    assert timedelta() < holds[0].until - day.clock.now <= DAY
    assert holds[0].since <= day.clock.now
    assert "of the 4,000 API calls" in holds[0].reason
