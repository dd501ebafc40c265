"""Of new rows those of groups that could fire, and the kept rows near them: of most groups there are too few.

For conditions that more rows can only make hold (`Correlation.waits` is false).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from agent.columns.timestamp import HOUR
from agent.detection.correlation.definition.correlation import Correlation
from agent.detection.correlation.inside_window import KEYS, STEP, FewRow
from agent.detection.correlation.memory import Memory, MemoryWriter
from agent.detection.correlation.row_times import RowTimes
from agent.detection.correlation.windows import FOREVER

ROUNDING = 1e-6
"""A sum is rounded to six digits where it is measured (`windows`): one that lacks less than this may reach a bound."""


HALVED = 160
"""Rows of a piece for each group that make finding the group by halving cheaper than looking at all rows: of 10,000 rows
both cost the same for 60 groups.
"""


def around(correlation: Correlation, fresh: pl.DataFrame) -> pl.DataFrame:
    """By `group` of the new rows (`memory.schema`) the time that they can change: `from`, `to` (Int64 ms)."""
    # A new row changes windows that contain it, whose rows lie within one timespan.
    span = correlation.milliseconds
    return fresh.group_by("group", maintain_order=True).agg(
        (pl.col("time").min() - span).alias("from"), (pl.col("time").max() + span).alias("to")
    )


def with_times(
    correlation: Correlation, memory: Memory, writer: MemoryWriter, fresh: pl.DataFrame, since: int
) -> Memory:
    """Knowing the times of new rows, which are not in it yet, and of all others that lie at `since` (ms) or later."""
    # Log files of one hour begin with rows up to an hour apart.
    times, margin = memory.times, max(correlation.milliseconds, HOUR)
    if times is None or times.since > since:
        times = RowTimes(since - margin)
        for part in writer.rows(memory, since - margin, FOREVER):
            times = times.with_rows(part["group"], part["time"], since - margin, _weights(correlation, part))
    times = times.with_rows(fresh["group"], fresh["time"], since - margin, _weights(correlation, fresh))
    return replace(memory, times=times)


def could_fire(correlation: Correlation, times: RowTimes, around: pl.DataFrame) -> pl.Series:
    """Which of `around` (group, from, to) have enough between these times (Boolean)."""
    asked = around["group"], around["from"], around["to"]
    if correlation.kind == "value_sum":
        return times.sums(*asked) >= _needed(correlation) - ROUNDING
    return times.counts(*asked) >= math.ceil(_needed(correlation) - ROUNDING)


def near_rows(
    correlation: Correlation, memory: Memory, writer: MemoryWriter, around: pl.DataFrame, nothing: pl.DataFrame
) -> pl.DataFrame:
    """Kept rows of these groups, no more than two timespans away from their new rows. `nothing`: no rows, `memory.schema`."""
    # Whether the rows of a changed window were members before depends on windows that contain them, which reach one
    # timespan farther.
    span = correlation.milliseconds
    since, until = int(around["from"].min()) - span, int(around["to"].max()) + span  # type: ignore[arg-type]
    groups = around["group"].sort()
    parts = [part for frame in writer.rows(memory, since, until) for part in _of_groups(frame, groups)]
    if not parts:
        return nothing
    between = pl.col("time").is_between(pl.col("from") - span, pl.col("to") + span)
    kept = pl.concat(parts).lazy().join(around.lazy(), on="group", how="inner", maintain_order="left")
    return kept.filter(between).drop("from", "to").collect()


def _of_groups(piece: pl.DataFrame, groups: pl.Series) -> Iterator[pl.DataFrame]:
    """The rows of some groups. `piece`: sorted by group; `groups`: UInt32, ascending."""
    if len(groups) > piece.height // HALVED:
        yield piece.filter(pl.col("group").is_in(groups.implode()))
        return
    # A row is found by halving: of few groups that costs less than looking at all rows.
    begins, ends = (piece["group"].search_sorted(groups, side).to_list() for side in ("left", "right"))
    for begin, end in zip(begins, ends, strict=True):
        if begin < end:
            yield piece.slice(begin, end - begin)


def promising(correlation: Correlation, near: pl.DataFrame, fresh: pl.DataFrame, around: pl.DataFrame) -> pl.DataFrame:
    """Those of `around` (group, from, to) that could fire if all their rows between these times lay in one window.

    `near`: kept rows; `fresh`: new rows; both `memory.schema`.
    """
    column, most = {
        "event_count": ("id", pl.len()),
        "value_count": ("value", pl.col("value").n_unique()),
        "value_sum": ("value", pl.col("value").sum()),
    }.get(correlation.kind, ("step", pl.col("step").n_unique()))
    kept = near.lazy().join(around.lazy(), on="group", how="inner").filter(pl.col("time").is_between("from", "to"))
    both = pl.concat([kept.select("group", column), fresh.lazy().select("group", column)])
    counted = both.group_by("group").agg(most.alias("most"))
    enough = counted.filter(pl.col("most") >= _needed(correlation) - ROUNDING)
    return around.lazy().join(enough, on="group", how="semi", maintain_order="left").collect()


def could_hold(correlation: Correlation, rows: Sequence[FewRow]) -> bool:
    """Whether a group could fire if all these rows of it lay in one window; as `promising` tells it of many groups."""
    if correlation.kind == "value_sum":
        return True
    counted = KEYS.get(correlation.kind, STEP)
    return len({row[counted] for row in rows}) >= _needed(correlation) - ROUNDING


def _needed(correlation: Correlation) -> float:
    """What is measured by rows, values, a sum or steps must reach this for the condition to hold, or more."""
    if correlation.threshold is None:
        return float(min(len(term.wanted) for term in correlation.terms))
    if correlation.kind == "temporal_ordered":  # of a step that is twice in an order one row is enough here
        return correlation.threshold - (len(correlation.bases) - len(correlation.steps))
    return correlation.threshold


def _weights(correlation: Correlation, rows: pl.DataFrame) -> pl.Series | None:
    """What each row adds to a sum; None where rows are counted."""
    return rows["value"] if correlation.kind == "value_sum" else None
