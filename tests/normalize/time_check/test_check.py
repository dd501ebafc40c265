"""What is remarkable about the time of an event, and what of a feed's past is remembered for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.columns.timestamp import HOUR, TIME
from agent.model import TimeFlag
from agent.normalize.time_check.check import AHEAD, TimeBounds, check
from agent.normalize.time_check.feed_times import DAY, GENERATION, HISTORY, LONGEST, FeedTimes
from agent.normalize.time_check.flags import FLAGS_FIELD, LAG_FIELD, of_every_row, with_flags

NOW = 1_780_000_000_000
"""Milliseconds since 1970."""
BOUNDS = TimeBounds(NOW, NOW, since=NOW - 30 * DAY, allowed=2 * HOUR)
GROWN = FeedTimes(since=NOW - 30 * DAY, first=NOW - 60 * DAY, newest=NOW - HOUR, longest=5 * HOUR)
"""A feed whose longest pause was five hours."""

Moments = Sequence[int | None]


def times(moments: Moments) -> pl.Series:
    return pl.Series("@timestamp", moments, dtype=pl.Int64).cast(TIME)


def flags(moments: Moments, feed: FeedTimes = FeedTimes(), bounds: TimeBounds = BOUNDS) -> dict[str, list[int]]:  # noqa: B008
    """By flag, the numbers of the rows that have it."""
    found, _ = check(times(moments), feed, bounds)
    return {flag: rows.arg_true().to_list() for flag, rows in found.items()}


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        ([NOW - HOUR, NOW - 2 * HOUR, NOW], {}),
        ([NOW, None], {"unparsable": [1]}),
        ([None, None], {"unparsable": [0, 1]}),
        ([NOW + AHEAD, NOW + AHEAD + 1], {"future": [1]}),
        ([NOW - 2 * HOUR - 1, NOW], {"late": [0]}),
        ([NOW - 31 * DAY, NOW], {}),
        ([NOW - 31 * DAY, NOW - 29 * DAY], {"late": [1]}),
    ],
    ids=["good", "no time", "no time at all", "ahead", "late", "history", "history and late"],
)
def test_a_time_is_held_against_the_clock(moments: Moments, expected: dict[str, list[int]]) -> None:
    """What happened before Leakline began to read is not late; a minute ahead is the clocks' own."""
    assert flags(moments) == expected


def test_what_waits_within_leakline_is_not_late() -> None:
    """Rows are as old as they were when they were first seen."""
    assert flags([NOW - 3 * HOUR], bounds=replace(BOUNDS, seen=NOW - HOUR)) == {}


def test_a_row_far_behind_its_feed_is_out_of_order() -> None:
    """By more than what its source may be late, whether or not it is late itself."""
    feed = replace(GROWN, newest=NOW - HOUR)
    bounds = replace(BOUNDS, seen=NOW - HOUR)
    assert flags([NOW - 3 * HOUR - 1, NOW - 3 * HOUR], feed, bounds) == {"late": [0], "out_of_order": [0]}
    assert flags([NOW - 31 * DAY], feed, bounds) == {}


def test_the_first_row_after_a_silence_is_flagged() -> None:
    """One that is more than twice as long as any before, also within a batch."""
    feed = replace(GROWN, newest=NOW - 24 * HOUR)
    at = feed.newest or 0
    bounds = replace(BOUNDS, allowed=48 * HOUR // 10)
    assert flags([at + 10 * HOUR, at + 11 * HOUR], feed, bounds).get("gap") is None
    assert flags([at + 10 * HOUR + 1, at + 11 * HOUR], feed, bounds)["gap"] == [0]
    assert flags([at + HOUR, None, at + 23 * HOUR, at + 23 * HOUR], feed, bounds)["gap"] == [2]


def test_a_young_feed_has_no_gaps() -> None:
    """It learns its nights and its weekend first."""
    first = NOW - 2 * DAY
    feed = FeedTimes(since=first, first=first, newest=first)
    assert flags([NOW], feed) == {}
    _, feed = check(times([NOW]), feed, BOUNDS)
    assert feed.longest == 2 * DAY
    old = replace(feed, first=NOW - HISTORY)
    later = replace(BOUNDS, now=NOW + 5 * DAY, seen=NOW + 5 * DAY)
    assert "gap" not in flags([NOW + 4 * DAY], old, later)
    assert flags([NOW + 4 * DAY + 1], old, later)["gap"] == [0]


def test_a_gap_is_history_for_the_next() -> None:
    """A feed that has become slower is told once; after two generations it is told again."""
    later = replace(BOUNDS, now=NOW + 3 * DAY, seen=NOW + 3 * DAY)
    found, feed = check(times([NOW + 2 * DAY]), GROWN, later)
    assert "gap" in found
    assert feed.longest == 2 * DAY + HOUR
    for _ in range(2):
        assert feed.allowed_pause(0) == 2 * (2 * DAY + HOUR)
        assert feed.newest is not None
        busy = range(feed.newest, feed.newest + GENERATION + HOUR, HOUR)
        until = replace(BOUNDS, now=busy[-1], seen=busy[-1])
        for moment in busy[1:]:
            _, feed = check(times([moment]), feed, until)
    assert feed.allowed_pause(0) == 0


def test_a_wrong_time_does_not_lead_a_feed_astray() -> None:
    """One ahead of the clock is not its newest, and a date of long ago is no pause of years."""
    _, feed = check(times([NOW - HOUR, NOW + 9 * DAY]), FeedTimes(), BOUNDS)
    assert feed.newest == NOW - HOUR
    _, feed = check(times([0, NOW]), FeedTimes(), BOUNDS)
    assert feed.longest == LONGEST
    assert check(times([NOW + 9 * DAY]), GROWN, BOUNDS)[1] == GROWN
    assert check(times([None]), GROWN, BOUNDS)[1] == GROWN


moments = st.one_of(
    st.none(), st.integers(NOW - 40 * DAY, NOW + 5 * AHEAD), st.integers(NOW - 4 * HOUR, NOW), st.just(NOW - HOUR)
)


def naive(rows: Moments, feed: FeedTimes) -> tuple[list[set[str]], FeedTimes]:
    """Row by row, as the page of flags has it."""
    found: list[set[str]] = []
    for moment in rows:
        flagged: set[str] = set()
        if moment is None:
            flagged.add("unparsable")
        elif moment > NOW + AHEAD:
            flagged.add("future")
        else:
            feed = feed.begun(NOW, moment)
            assert feed.newest is not None
            if NOW - 30 * DAY <= moment < NOW - 2 * HOUR:
                flagged.add("late")
            if NOW - 30 * DAY <= moment < feed.newest - 2 * HOUR:
                flagged.add("out_of_order")
            allowed, pause = feed.allowed_pause(2 * HOUR), moment - feed.newest
            if allowed is not None and pause > allowed:
                flagged.add("gap")
            feed = feed.moved(max(moment, feed.newest), pause if pause > HOUR else 0)
        found.append(flagged)
    return found, feed


@given(
    st.lists(st.lists(moments, min_size=1, max_size=8), max_size=5),
    st.sampled_from([FeedTimes(), GROWN, replace(GROWN, newest=NOW - 9 * DAY)]),
)
def test_batches_say_what_their_rows_say_one_by_one(batches: list[list[int | None]], feed: FeedTimes) -> None:
    """Whichever rows share a batch."""
    expected, after = naive([moment for rows in batches for moment in rows], feed)
    said: list[set[str]] = []
    for rows in batches:
        found, feed = check(times(rows), feed, BOUNDS)
        assert all(mask.any() and not mask.null_count() for mask in found.values())
        said += [{flag for flag, mask in found.items() if mask[number]} for number in range(len(rows))]
    assert (said, feed) == (expected, after)


@pytest.mark.parametrize("rows", [2, 300])
def test_only_flagged_rows_have_the_fields(rows: int) -> None:
    """A list of words and seconds; the time before 1970 and the one that is not there included."""
    shaped = times([None, NOW - 90_500, *[NOW] * rows]).to_frame()
    height = shaped.height
    found: dict[TimeFlag, pl.Series] = {
        "late": pl.Series([False, True, *[False] * rows]),
        "unparsable": pl.Series([True, False, *[False] * rows]),
    }
    flagged = with_flags(shaped, found, NOW)
    assert flagged.schema[FLAGS_FIELD] == pl.List(pl.String)
    assert flagged[FLAGS_FIELD].to_list() == [["unparsable"], ["late"], *[None] * rows]
    assert flagged[LAG_FIELD].to_list() == [None, 90, *[None] * rows]
    everywhere = with_flags(shaped, {**found, **of_every_row(["reissued"], height)}, NOW)
    assert everywhere[FLAGS_FIELD].to_list()[:3] == [["unparsable", "reissued"], ["late", "reissued"], ["reissued"]]
