"""Matched rows as baselines take them: who, when, what, how much, where."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import polars as pl

from agent.columns.group_text import text_of
from agent.columns.text_hash import text_hashes
from agent.columns.timestamp import TIME
from agent.detection.baseline.baseline import Baseline
from agent.detection.baseline.kind import Kind

LATITUDE, LONGITUDE = "source.geo.location.lat", "source.geo.location.lon"
NUMBERS = {LATITUDE: "lat", LONGITUDE: "lon"}
"""Columns of events that are read as numbers, and what they are called here."""
PLACE = ("source.geo.city_name", "source.geo.country_iso_code", "source.as.organization.name")

SCHEMA = pl.Schema(
    {
        "key": pl.UInt64,
        "group": pl.String,
        "time": pl.Int64,
        "mark": pl.String,
        "value": pl.String,
        "weight": pl.Float64,
        "user": pl.String,
        "address": pl.String,
        "lat": pl.Float64,
        "lon": pl.Float64,
        "place": pl.String,
    }
)
"""`key`: the group by number (`text_hashes`); `group`: `NAME=value, …`; `time`: milliseconds; `mark`: time and event id as
one text, whose order is that of time and then id, so that the first and last of many are a minimum and a maximum;
`value`: the field's text; `weight`: what is summed, 1 without a field; `lat`, `lon`: degrees; `place`: city, country,
operator."""

DIGITS = 15
"""Digits of a time in a mark."""


def rows(baseline: Baseline, kind: Kind, found: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """`found`: rule id to matched rows, prepared (`@timestamp`, `event.id`), as one frame of `SCHEMA`.

    Rows without a time, a group or what the kind asks for are left out.
    """
    parts = [
        _rows_of(baseline, kind, base, found[base])
        for base in baseline.bases
        if base in found and "@timestamp" in found[base].columns
    ]
    if not parts:  # of most batches no baseline takes a row
        return nothing()
    picked = pl.concat(parts)
    if len(parts) > 1:  # a row that several rules match is one row
        picked = picked.unique(["mark", "group"], keep="first", maintain_order=True)
    return picked.select(text_hashes(picked["group"]).alias("key"), pl.all())


@cache
def nothing() -> pl.DataFrame:
    """No rows, of `SCHEMA`."""
    return SCHEMA.to_frame()


def _rows_of(baseline: Baseline, kind: Kind, base: str, matched: pl.DataFrame) -> pl.DataFrame:
    """Matched rows of one base as `SCHEMA` without `key`."""
    keys = [(name, text_of(matched, baseline.field_of(name, base))) for name, _ in baseline.group_by]
    value = text_of(matched, baseline.measured(base)) if baseline.field else pl.lit(None, dtype=pl.String)
    if kind.field == "summed" and baseline.field:
        weight = value.str.strip_chars().cast(pl.Float64, strict=False).fill_nan(0.0).fill_null(0.0)
    else:
        weight = pl.lit(1.0)
    picked = matched.select(
        _group_text(keys).alias("group"),
        pl.col("@timestamp").cast(TIME).dt.epoch("ms").alias("time"),
        pl.col("event.id").alias("id"),
        value.alias("value"),
        weight.clip(0.0, 1e15).alias("weight"),
        pl.coalesce(text_of(matched, "user.name"), text_of(matched, "user.id")).alias("user"),
        text_of(matched, "source.ip").alias("address"),
        *(_number(matched, column).alias(name) for column, name in NUMBERS.items()),
        pl.concat_str([text_of(matched, name) for name in PLACE], separator=", ", ignore_nulls=True).alias("place"),
    )
    # A mark has 15 digits for the time: until the year 33658, and nothing from before 1970.
    wanted = pl.col("time").is_between(0, 10**DIGITS - 1) & pl.col("group").is_not_null()
    if kind.field == "compared":
        wanted &= pl.col("value").is_not_null()
    for column in kind.needs:
        wanted &= pl.col(NUMBERS[column]).is_not_null()
    mark = pl.col("time").cast(pl.String).str.zfill(DIGITS) + pl.col("id")
    return picked.filter(wanted).select(
        [mark.alias("mark") if name == "mark" else name for name in SCHEMA if name != "key"]
    )


def _group_text(keys: list[tuple[str, pl.Expr]]) -> pl.Expr:
    """`NAME=value, …`; null if one of the values is."""
    if not keys:
        return pl.lit("")
    parts = [pl.lit(f"{name}=") + key for name, key in keys]
    return pl.concat_str(parts, separator=", ", ignore_nulls=False)


def _number(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A column as Float64, null where it is absent or holds no numbers."""
    if name not in frame.columns or not frame.schema[name].is_numeric():
        return pl.lit(None, dtype=pl.Float64)
    return pl.col(name).cast(pl.Float64)
