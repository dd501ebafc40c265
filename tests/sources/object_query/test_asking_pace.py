"""A small org is not asked for all its event log objects each poll: they take turns within the budget."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from agent.simulator.records.event_log_objects import event_log_objects
from agent.sources.object_query.asking_pace import AskingPace, objects_a_poll
from agent.sources.objects.row_object import of_event_log

EVERY = timedelta(minutes=5)
NOW = datetime(2026, 7, 2, 12, tzinfo=UTC)
ROWS = [of_event_log(name) for name in sorted(event_log_objects())]
POLLS_A_DAY = 288


@pytest.mark.parametrize(("allowed", "most"), [(0, None), (1_000, 1), (15_000, 10), (100_000, 69), (5_000_000, 3_472)])
def test_a_poll_asks_for_as_many_objects_as_the_allowance_bears(allowed: int, most: int | None) -> None:
    """A quarter of what the budget leaves; all while it is not known, and at least one."""
    assert objects_a_poll(allowed, 0.8, EVERY) == most


def asked_in_a_day(spoken: set[str], most: int) -> tuple[Counter[str], dict[str, timedelta]]:
    """How often each object is asked, and how long it waits at most."""
    pace, counts = AskingPace(), Counter[str]()
    waits, last = dict[str, timedelta](), dict[str, datetime]()
    for poll in range(POLLS_A_DAY):
        now = NOW + poll * EVERY
        for row in pace.due(ROWS, now, most):
            counts[row.name] += 1
            waits[row.name] = max(waits.get(row.name, timedelta()), now - last.get(row.name, NOW))
            last[row.name] = now
            if row.name in spoken:
                pace.spoke(row.name, now)
    return counts, waits


def test_objects_that_speak_are_asked_most_and_none_waits_for_much_longer_than_an_hour() -> None:
    """Of a small org, of whose objects a third has rows all the time: 2,880 calls a day instead of 10,656."""
    spoken = {row.name for row in ROWS[:12]}
    counts, waits = asked_in_a_day(spoken, 10)
    assert counts.total() == 10 * POLLS_A_DAY
    assert max(waits[name] for name in spoken) <= 4 * EVERY
    assert max(waits.values()) <= timedelta(minutes=75)
    assert len(waits) == len(ROWS)


def test_all_are_asked_each_poll_where_the_allowance_bears_it() -> None:
    """In the order of their names."""
    pace = AskingPace()
    for most in (None, len(ROWS)):
        assert pace.due(ROWS, NOW, most) == ROWS


def test_all_take_turns_whatever_speaks() -> None:
    """Where only one may be asked, one that always speaks does not keep the others from it."""
    pace, seen = AskingPace(), set[str]()
    for poll in range(POLLS_A_DAY * 2):
        (row,) = pace.due(ROWS, NOW + poll * EVERY, 1)
        pace.spoke(ROWS[0].name, NOW + poll * EVERY)
        seen.add(row.name)
    assert len(seen) == len(ROWS)
