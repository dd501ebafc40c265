"""Of new rows those that could make their group fire, and the kept rows near them: of most groups there are too few.

For conditions that more rows can only make hold (`Correlation.waits` is false).
"""

from __future__ import annotations

import math
from dataclasses import replace

import polars as pl

from agent.columns.timestamp import HOUR
from agent.detection.correlation import few_rows
from agent.detection.correlation.correlation import Correlation
from agent.detection.correlation.memory import Memory, MemoryWriter
from agent.detection.correlation.row_times import RowTimes
from agent.detection.correlation.windows import FOREVER

ROUNDING = 1e-6
"""A sum is rounded to six digits where it is measured (`windows`): one that lacks less than this may reach a bound."""


def near_rows(
    correlation: Correlation, memory: Memory, writer: MemoryWriter, fresh: pl.DataFrame
) -> tuple[Memory, pl.DataFrame, pl.DataFrame]:
    """Kept rows no more than two timespans away, and new ones, of the groups that could fire; all `memory.schema`.

    The memory given back knows the times of the new rows, which are not in it yet.
    """
    # A new row changes windows that contain it, whose rows lie within one timespan. Whether these were members before
    # depends on windows that contain them, which reach one timespan farther.
    span, needed = correlation.milliseconds, _rows_needed(correlation)
    around = fresh.group_by("group").agg(
        (pl.col("time").min() - span).alias("from"), (pl.col("time").max() + span).alias("to")
    )
    if needed > 1:
        # Log files of one hour begin with rows up to an hour apart.
        times = _times(memory, writer, fresh, around["from"].min(), max(span, HOUR))  # type: ignore[arg-type]
        memory = replace(memory, times=times)
        around = around.filter(times.counts(around["group"], around["from"], around["to"]) >= needed)
        if not around.height:
            return memory, fresh.clear(), fresh.clear()
    since, until = int(around["from"].min()) - span, int(around["to"].max()) + span  # type: ignore[arg-type]
    parts = writer.rows(memory, since, until)
    kept = pl.concat(parts) if parts else fresh.clear()
    between = pl.col("time").is_between(pl.col("from") - span, pl.col("to") + span)
    near = kept.lazy().join(around.lazy(), on="group", how="inner").filter(between).collect()
    fresh = fresh.join(around, on="group", how="semi", maintain_order="left")
    # Of few rows telling whether they fire costs less than telling that they cannot.
    if correlation.kind != "event_count" and near.height + fresh.height > few_rows.FEW:
        around = _promising(correlation, near, fresh, around)
        near, fresh = (part.join(around, on="group", how="semi", maintain_order="left") for part in (near, fresh))
    return memory, near.drop("from", "to"), fresh


def _times(memory: Memory, writer: MemoryWriter, fresh: pl.DataFrame, since: int, margin: int) -> RowTimes:
    """Of all rows that lie at `since` (ms) or later, new ones too; `margin`: how much earlier the next may be asked for."""
    times = memory.times
    if times is None or times.since > since:
        times, parts = RowTimes(since - margin), writer.rows(memory, since - margin, FOREVER)
        for part in parts:
            times = times.with_rows(part["group"], part["time"], since - margin)
    return times.with_rows(fresh["group"], fresh["time"], since - margin)


def _rows_needed(correlation: Correlation) -> int:
    """Without so many rows in a window the condition cannot hold."""
    if correlation.kind == "value_sum":  # one row may be enough
        return 1
    return math.ceil(_needed(correlation) - ROUNDING)


def _needed(correlation: Correlation) -> float:
    """What is measured by rows, values, a sum or steps must reach this for the condition to hold, or more."""
    if correlation.threshold is None:
        return float(min(len(term.wanted) for term in correlation.terms))
    if correlation.kind == "temporal_ordered":  # of a step that is twice in an order one row is enough here
        return correlation.threshold - (len(correlation.bases) - len(correlation.steps))
    return correlation.threshold


def _promising(correlation: Correlation, near: pl.DataFrame, fresh: pl.DataFrame, around: pl.DataFrame) -> pl.DataFrame:
    """Those of `around` (group, from, to) that could fire if all their rows between these times lay in one window.

    `near`: kept rows with `from` and `to`; `fresh`: new rows.
    """
    column, most = {
        "value_count": ("value", pl.col("value").n_unique()),
        "value_sum": ("value", pl.col("value").sum()),
    }.get(correlation.kind, ("step", pl.col("step").n_unique()))
    kept = near.lazy().filter(pl.col("time").is_between("from", "to")).select("group", column)
    counted = pl.concat([kept, fresh.lazy().select("group", column)]).group_by("group").agg(most.alias("most"))
    enough = counted.filter(pl.col("most") >= _needed(correlation) - ROUNDING)
    return around.lazy().join(enough, on="group", how="semi").collect()
