"""Of windows that are over, the groups in which a condition may hold at all: one look at all rows of a group together."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from agent.detection.correlation.definition.correlation import NUMERIC, ConditionBound, Correlation

SLACK, PART = 1e-6, 1e-9
"""What is measured is rounded to six digits, and sums are less exact the larger they are."""


def of_possible_groups(rows: pl.DataFrame, correlation: Correlation, since: int) -> pl.DataFrame:
    """Those of `rows` (`memory.schema`) whose group may have a window that holds and ends at `since` (ms) or later.

    `rows`: all from a timespan before `since` on; some may be there twice.
    """
    if correlation.terms:
        return rows
    # Without terms a window ends at a row.
    tests = [
        pl.col("time").max() >= since,
        *(test for bound in correlation.bounds for test in _tests(correlation, bound)),
    ]
    groups = rows.lazy().group_by("group").agg(pl.all_horizontal(tests).alias("may hold")).filter("may hold")
    return rows.lazy().join(groups, on="group", how="semi", maintain_order="left").collect()


def _tests(correlation: Correlation, bound: ConditionBound) -> Iterator[pl.Expr]:
    """What must be true of all rows of a group for a bound to hold in a part of them."""
    least, most = pl.lit(0.0), pl.len().cast(pl.Float64)
    if correlation.kind == "value_sum":
        most = pl.col("value").sum()
    elif correlation.kind in NUMERIC:  # an average, a rank: never outside of the values
        least, most = pl.col("value").min(), pl.col("value").max()
    if bound.operator in ("gt", "gte", "eq"):
        yield most + SLACK + most.abs() * PART >= bound.number
    if bound.operator in ("lt", "lte", "eq"):
        yield least - SLACK - least.abs() * PART <= bound.number
