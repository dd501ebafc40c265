"""Buckets: what a group did within a step, for volume.

Memory has of an open bucket what is added up (`HELD`, 28 bytes). What only an alert tells, marks and names, is some
300 bytes more, and is read from where the bucket is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from agent.columns.small import SMALL
from agent.detection.baseline.baseline import Baseline, milliseconds

SCHEMAS = {
    "open": pl.Schema(
        {
            "key": pl.UInt64,
            "group": pl.String,
            "slot": pl.Int32,
            "value": pl.Float64,
            "count": pl.Int64,
            "first": pl.String,
            "last": pl.String,
            "user_low": pl.String,
            "user_high": pl.String,
            "address_low": pl.String,
            "address_high": pl.String,
        }
    ),
    "past": pl.Schema({"key": pl.UInt64, "slot": pl.Int32, "value": pl.Float64}),
}
"""A bucket is what a group did within one step (`slot`: steps since 1970; `value`: the field's sum, or rows; `count`: rows).

`open`: buckets whose windows a row can still change, with what an alert tells of them (first and last mark, first and
last user and address by the alphabet); `past`: settled ones.
"""

FEW = 2_000
"""Buckets that are added up, or compared, in Python: that costs a microsecond each, the calls into Polars two thousand."""

HELD = ["key", "slot", "value", "count"]
"""Columns of `open` in memory."""

ENDS = {"first": "last", "user_low": "user_high", "address_low": "address_high"}
"""In `open` the second of each two is null where it is the same as the first: nearly everywhere, and half of the bytes."""

SUMS = pl.col("value", "count").sum()
TEXTS = [
    pl.col("group").first(),
    pl.col(*ENDS).min(),
    *(pl.coalesce(high, low).max().alias(high) for low, high in ENDS.items()),
]


def buckets(baseline: Baseline, rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` (`rows.SCHEMA`) as the frame `open`, one row for each group and slot."""
    if rows.height <= SMALL:
        return _few_buckets(milliseconds(baseline.step), rows)
    slot = (pl.col("time") // milliseconds(baseline.step)).cast(pl.Int32)
    found = rows.group_by("key", slot.alias("slot")).agg(
        pl.col("group").first(),
        pl.col("weight").sum().alias("value"),
        pl.len().cast(pl.Int64).alias("count"),
        pl.col("mark").min().alias("first"),
        pl.col("mark").max().alias("last"),
        pl.col("user").min().alias("user_low"),
        pl.col("user").max().alias("user_high"),
        pl.col("address").min().alias("address_low"),
        pl.col("address").max().alias("address_high"),
    )
    return _lean(found)


def _few_buckets(step: int, rows: pl.DataFrame) -> pl.DataFrame:
    """`buckets` of few rows. `step`: milliseconds."""
    names = ("key", "time", "group", "weight", "mark", "user", "address")
    found: dict[tuple[int, int], list[tuple[Any, ...]]] = {}
    for key, time, *rest in zip(*(rows[name].to_list() for name in names), strict=True):
        found.setdefault((key, time // step), []).append(tuple(rest))
    made = [(key, inside[0][0], slot, *_bucket(inside)) for (key, slot), inside in found.items()]
    named = zip(SCHEMAS["open"].items(), zip(*made, strict=True), strict=True)
    return pl.DataFrame([pl.Series(name, column, dtype=dtype) for (name, dtype), column in named])


def _bucket(rows: list[tuple[Any, ...]]) -> Iterator[Any]:
    """What follows `slot` in the frame `open`. `rows`: group, weight, mark, user and address of each."""
    _, weights, marks, users, addresses = zip(*rows, strict=True)
    yield from (sum(weights), len(rows))
    for texts in (marks, users, addresses):
        there = [text for text in texts if text is not None]
        low, high = min(there, default=None), max(there, default=None)
        yield from (low, None if high == low else high)


def one_per_slot(buckets: pl.DataFrame) -> pl.DataFrame:
    """`buckets`, as the frame `open` or as `HELD`, with one row for each group and slot, of which it may have several."""
    grouped = buckets.group_by("key", "slot")
    if buckets.width == len(HELD):
        return grouped.agg(SUMS)
    return _lean(grouped.agg(SUMS, *TEXTS))


def _lean(buckets: pl.DataFrame) -> pl.DataFrame:
    """The frame `open`, the second of each two `ENDS` null where it is the first."""
    second = {high: pl.when(pl.col(high) != pl.col(low)).then(pl.col(high)) for low, high in ENDS.items()}
    return buckets.select(second.get(name, pl.col(name)).alias(name) for name in SCHEMAS["open"])


def window_details(windows: pl.DataFrame, rows: pl.DataFrame, length: int) -> pl.DataFrame:
    """`windows` (`key`, `slot`, …) of `length` slots with `group` and both of the `ENDS` of the buckets in them.

    `rows`: the frame `open` of their groups.
    """
    # The window that ends with `slot` begins `length` - 1 slots before.
    inside = (
        windows.select("key", "slot")
        .join(rows.drop("value", "count").rename({"slot": "at"}), on="key")
        .filter((pl.col("slot") - pl.col("at")).is_between(0, length - 1))
    )
    return windows.join(inside.group_by("key", "slot").agg(TEXTS), on=["key", "slot"])
