"""A feed is missed by its own history: silent for much longer than ever, in hours in which it usually speaks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agent.store.silence.heard_hours import KEPT, LEAST, WEEK, HeardHours

MONDAY = 4 * 24 + WEEK * 2_900
"""Hours since 1970, which began on a Thursday."""

Speaks = Callable[[int], bool]


def office(hour: int) -> bool:
    """Monday to Friday, 8 to 18."""
    return (hour - MONDAY) % WEEK < 5 * 24 and 8 <= hour % 24 < 18


def always(hour: int) -> bool:
    return True


def lived(hours: int, speaks: Speaks, watched: Speaks = always) -> HeardHours:
    """From a Monday on, looked at once an hour."""
    heard, rows = HeardHours(MONDAY, began=MONDAY), 0
    for hour in range(MONDAY, MONDAY + hours):
        rows += speaks(hour)
        heard = heard.at(hour, rows, watched=watched(hour))
    return heard


@pytest.mark.parametrize("speaks", [office, always])
def test_a_feed_that_spoke_in_each_working_hour_of_two_weeks_is_missed(speaks: Speaks) -> None:
    """After `LEAST` of its usual hours, and not one hour sooner."""
    silent = [
        lived(2 * WEEK + hours, lambda hour: speaks(hour) and hour < MONDAY + 2 * WEEK).habit() for hours in range(60)
    ]
    broken = [habit.is_broken for habit in silent]
    first = broken.index(True)
    assert silent[first].missed == LEAST
    assert not any(broken[:first])
    assert all(broken[first:])


def test_nights_weekends_and_one_holiday_are_no_silence() -> None:
    """On the Monday after the weekend nothing is missed, nor when that Monday is a holiday."""
    heard = lived(3 * WEEK + 24, lambda hour: office(hour) and not 0 <= hour - MONDAY - 3 * WEEK < 24)
    assert heard.habit().missed in range(10, LEAST)
    assert not heard.habit().is_broken


def test_a_feed_that_was_always_quiet_is_not_missed() -> None:
    """One that speaks at odd hours does not have usual ones; one that never spoke has nothing to miss."""
    odd = lived(4 * WEEK, lambda hour: hour % 37 == 0)
    assert not odd.at(MONDAY + 5 * WEEK, odd.rows, watched=True).habit().is_broken
    never = lived(4 * WEEK, lambda _: False)
    assert (never.silent_for, never.habit().is_broken) == (None, False)


def test_a_feed_that_was_silent_for_long_before_is_given_three_times_as_long() -> None:
    """Its longest own silence decides: 20 hours in the second week."""

    def speaks(hour: int) -> bool:
        return not WEEK + 30 <= hour - MONDAY < WEEK + 50

    silent = {
        hours: lived(3 * WEEK + hours, lambda hour: speaks(hour) and hour < MONDAY + 3 * WEEK).habit()
        for hours in (40, 59, 70)
    }
    assert {habit.longest for habit in silent.values()} <= {19, 20}
    assert {hours: habit.is_broken for hours, habit in silent.items()} == {40: False, 59: False, 70: True}


def test_hours_in_which_nobody_looked_are_no_silence() -> None:
    """Leakline stood still, or the source was refused, for three days."""
    heard = lived(2 * WEEK, always)
    later = heard.at(MONDAY + 2 * WEEK + 72, heard.rows, watched=False)
    assert later.habit().missed == 0
    assert not later.habit().is_broken


def test_what_is_remembered_is_bounded_and_survives_a_restart() -> None:
    """Eight weeks of a year, in less than a kilobyte; a clock that goes back adds nothing."""
    heard = lived(20 * WEEK, always)
    assert heard.heard.bit_length() == heard.watched.bit_length() == KEPT
    assert len(heard.encode()) < 1_000
    assert HeardHours.decode(heard.encode()) == heard
    assert heard.at(heard.hour - 5, heard.rows, watched=True) == heard
    assert heard.at(heard.hour + KEPT, heard.rows, watched=False).heard == 0
