"""The times of a batch against the clock, and against what its feed brought before.

Where nothing is remarkable, this is three looks at a column: its nulls, its least and its greatest value. Rows count in the
order in which they come, each against all before it, so that it makes no difference which of them share a batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from agent.columns.distinct import only_where
from agent.model import TimeFlag
from agent.normalize.time_check.feed_times import FeedTimes

AHEAD = 60_000
"""Milliseconds by which an event may be ahead of the clock: of the machine's own faults below a minute others tell
(`clock-skew`, from 5 seconds on)."""

Found = dict[TimeFlag, pl.Series]
"""The rows (`Boolean`, without nulls, of the batch's height) that have each flag; none without a row."""


@dataclass(frozen=True, slots=True)
class TimeBounds:
    """What the times of a batch are compared with; all in milliseconds."""

    now: int
    seen: int
    """When the rows were first seen: later waiting is Leakline's own, and no fault of the source."""
    since: int
    """When Leakline began to read the source. What happened before is history, which nobody could have read in time, and
    which is read in the order that suits Leakline: it is neither late nor out of order."""
    allowed: int
    """How old the source's rows may be when they come, and how far one may be behind another."""


def check(time: pl.Series, feed: FeedTimes, bounds: TimeBounds) -> tuple[Found, FeedTimes]:
    """What is remarkable about a batch, and the feed after it.

    `time`: `Datetime("ms", "UTC")`, null where a row has no readable time; at least one row.
    """
    found: Found = {}
    times = time.to_physical()
    if times.null_count():
        found["unparsable"] = times.is_null()
    high = times.max()
    if isinstance(high, int) and high > bounds.now + AHEAD:
        found["future"] = _rows(times > bounds.now + AHEAD)
        times = only_where(times, ~found["future"])
        high = times.max()
    low = times.min()
    if not isinstance(low, int) or not isinstance(high, int):  # no row has a time that could be right
        return found, feed
    before = bounds.seen - bounds.allowed
    if low < before and high >= bounds.since:
        _note(found, "late", _rows((times < before) & (times >= bounds.since)))
    first = low if times.len() == 1 or feed.newest is not None else times.drop_nulls()[0]
    feed = feed.begun(bounds.now, first)
    newest = max(high, feed.newest or high)
    # Below half of what is allowed a pause never decides anything: it is neither looked for nor remembered.
    if low < newest - bounds.allowed or newest - (feed.newest or low) > bounds.allowed // 2:
        feed = _note_order(found, times, feed, bounds)
    return found, feed.moved(newest)


def _note_order(found: Found, times: pl.Series, feed: FeedTimes, bounds: TimeBounds) -> FeedTimes:
    """Note rows that are far behind one before them, and rows behind a gap; the feed after the last pause."""
    start = pl.Series(times.name, [feed.newest], dtype=pl.Int64)
    newest = pl.concat([start, times]).cum_max().forward_fill()[:-1]
    pauses = times - newest
    _note(found, "out_of_order", _rows((pauses < -bounds.allowed) & (times >= bounds.since)))
    gaps = []
    for row in (pauses > bounds.allowed // 2).arg_true().to_list():
        feed = feed.moved(newest[row])
        allowed = feed.allowed_pause(bounds.allowed)
        if allowed is not None and pauses[row] > allowed:
            gaps.append(row)
        feed = feed.moved(times[row], pauses[row])
    if gaps:
        found["gap"] = pl.repeat(False, times.len(), eager=True).scatter(gaps, True)
    return feed


def _note(found: Found, flag: TimeFlag, rows: pl.Series) -> None:
    if rows.any():
        found[flag] = rows


def _rows(mask: pl.Series) -> pl.Series:
    return mask.fill_null(value=False)
