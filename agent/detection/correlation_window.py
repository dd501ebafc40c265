"""Which rows of a correlation's groups belong to windows in which its condition holds: a pure function of the rows.

Rows are a frame of `group` (String), `time` (Int64, milliseconds), `id` (String), `step` (Int64, place of the rule
among the correlation's), `value` (String), `weight` (Float64). A window ends at a row and reaches back one timespan,
both ends included.
"""

from __future__ import annotations

import polars as pl

from agent.detection.correlation import Correlation

FOREVER = 2**62


def members(rows: pl.DataFrame, correlation: Correlation) -> pl.DataFrame:
    """The contributing rows, sorted by group and time, with `cluster` (those further apart than the timespan are in
    different ones), `held` (time at which the condition held with them) and `measured` (value at that time).
    """
    rows = rows.sort("group", "time", "id", "step")
    span = _span(correlation)
    windows = _sequences(rows, correlation) if correlation.kind == "temporal_ordered" else _totals(rows, correlation)
    holding = windows.filter(pl.col("measured") >= correlation.threshold).sort("time")
    met = (
        rows.sort("time", "id", "step")
        .join_asof(
            holding.with_columns(pl.col("time").alias("held")),
            on="time",
            by="group",
            strategy="forward",
            check_sortedness=False,
        )
        .filter(pl.col("since") <= pl.col("time"))
        .sort("group", "time", "id", "step")
    )
    apart = (pl.col("time") - pl.col("time").shift(1) > span) | (pl.col("group") != pl.col("group").shift(1))
    return met.with_columns(apart.fill_null(value=False).cast(pl.Int64).cum_sum().alias("cluster"))


def _span(correlation: Correlation) -> int:
    return int(correlation.span.total_seconds() * 1000)


def _totals(rows: pl.DataFrame, correlation: Correlation) -> pl.DataFrame:
    """The value of the window that ends at each time: what entered until then, less what left before.

    Of distinct values each row counts until the value's next row: nothing is counted anew for a window.
    """
    distinct = {"value_count": "value", "temporal": "step"}.get(correlation.kind)
    leaves = pl.col("time") + _span(correlation) + 1
    if distinct:
        if distinct == "value":
            rows = rows.filter(pl.col("value").is_not_null())
        leaves = pl.min_horizontal(leaves, pl.col("time").shift(-1).over("group", distinct).fill_null(FOREVER))
    weight = pl.col("weight") if correlation.kind == "value_sum" else pl.lit(1.0)
    moves = pl.concat(
        [rows.select("group", "time", weight.alias("change")), rows.select("group", leaves.alias("time"), -weight.alias("change"))]
    )  # fmt: skip
    totals = (
        moves.group_by("group", "time")
        .agg(pl.col("change").sum())
        .sort("group", "time")
        .with_columns(pl.col("change").cum_sum().over("group").alias("measured"))
    )
    ends = rows.select("group", "time").unique()
    since = (pl.col("time") - _span(correlation)).alias("since")
    return totals.join(ends, on=["group", "time"], how="semi").select("group", "time", "measured", since)


def _sequences(rows: pl.DataFrame, correlation: Correlation) -> pl.DataFrame:
    """Ends of complete sequences, each strictly later than the one before, with the latest start they can have."""
    order = list(dict.fromkeys(correlation.bases))
    first = rows.filter(pl.col("step") == order.index(correlation.bases[0]))
    chain = first.select("group", "time", pl.col("time").alias("since"))
    for base in correlation.bases[1:]:
        best = chain.sort("time").with_columns(pl.col("since").cum_max().over("group"))
        chain = (
            rows.filter(pl.col("step") == order.index(base))
            .select("group", "time")
            .sort("time")
            .join_asof(
                best, on="time", by="group", strategy="backward", allow_exact_matches=False, check_sortedness=False
            )
            .filter(pl.col("since").is_not_null())
        )
    whole = chain.filter(pl.col("time") - pl.col("since") <= _span(correlation))
    ends = whole.group_by("group", "time").agg(pl.col("since").max())
    return ends.with_columns(pl.lit(correlation.threshold).alias("measured")).select(
        "group", "time", "measured", "since"
    )
