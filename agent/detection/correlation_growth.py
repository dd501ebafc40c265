"""What new rows, or windows that are over now, add to the alerts of a correlation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from agent.detection import correlation_window
from agent.detection.correlation import Correlation
from agent.detection.correlation_episode import IDS, NAMES
from agent.detection.correlation_rows import ids
from agent.detection.correlation_text import Texts


@dataclass(frozen=True, slots=True)
class Growth:
    """Contributing rows that were none before, by alert, and rows at which the condition holds as it did not."""

    clusters: Sequence[dict[str, Any]]
    """`group`, `start`, `end`, `count`, `times`, `ids` (the first), `last`, `measured`, `user`, `address`."""
    ends: pl.DataFrame
    """Rows with `known`."""


NONE = Growth((), pl.DataFrame())


def by_rows(correlation: Correlation, before: pl.DataFrame, fresh: pl.DataFrame, texts: Texts) -> Growth:
    """Of a condition that more rows can only make hold. Both: rows of the touched groups, two timespans around."""
    after = _promising(correlation, pl.concat([before, fresh]))
    if not after.height:
        return NONE
    before = before.join(after.select("group").unique(), on="group", how="semi")
    was = _members(correlation, before)
    return _growth(correlation, was, _members(correlation, after), texts)


def by_windows(correlation: Correlation, rows: pl.DataFrame, since: int, until: int, texts: Texts) -> Growth:
    """Of windows that end at `since` or later and before `until`. `rows`: all from two timespans before `since` on."""
    held = correlation_window.windows(rows, correlation)
    held = held.filter(pl.col("until") < until, pl.col("until") >= since - correlation.milliseconds)
    new = held.filter(pl.col("until") >= since)
    if not new.height:
        return NONE
    touched = new.select("group").unique()
    rows, held = rows.join(touched, on="group", how="semi"), held.join(touched, on="group", how="semi")
    was = correlation_window.members(rows, held.filter(pl.col("until") < since), correlation)
    return _growth(correlation, was, correlation_window.members(rows, held, correlation), texts)


def _members(correlation: Correlation, rows: pl.DataFrame) -> pl.DataFrame:
    return correlation_window.members(rows, correlation_window.windows(rows, correlation), correlation)


def _promising(correlation: Correlation, rows: pl.DataFrame) -> pl.DataFrame:
    """Without the groups that could not fire if all their rows lay in one window: most groups, cheaply."""
    most = {
        "event_count": pl.len(),
        "value_count": pl.col("value").n_unique() if correlation.kind == "value_count" else pl.len(),
        "value_sum": pl.col("value").sum() if correlation.kind == "value_sum" else pl.len(),
        "temporal_ordered": pl.len(),
    }.get(correlation.kind, pl.col("step").n_unique())
    needed = correlation.threshold
    if needed is None:
        needed = float(min(len(term.wanted) for term in correlation.terms))
    groups = rows.group_by("group").agg(most.alias("most")).filter(pl.col("most") >= needed)
    return rows.join(groups, on="group", how="semi")


def _growth(correlation: Correlation, was: pl.DataFrame, now: pl.DataFrame, texts: Texts) -> Growth:
    ends = now.filter(pl.col("known").is_not_null()).join(
        was.filter(pl.col("known").is_not_null()), on=["group", "id", "step"], how="anti"
    )
    new = now.join(was, on=["group", "id"], how="anti").unique(["group", "id"]).select("group", "id")
    if not new.height:
        return Growth((), ends)
    now = now.join(new.select("group").unique(), on="group", how="semi").sort("group", "time", "id")
    quiet = int(correlation.quiet.total_seconds() * 1000)
    apart = (pl.col("time") - pl.col("time").shift(1) > quiet) | (pl.col("group") != pl.col("group").shift(1))
    clustered = now.with_columns(apart.fill_null(value=False).cast(pl.UInt32).cum_sum().alias("cluster"))
    least = correlation_window.least(correlation)
    measured = clustered.group_by("cluster").agg(pl.col("measured").min() if least else pl.col("measured").max())
    added = clustered.join(new, on=["group", "id"], how="semi", maintain_order="left").unique(
        ["group", "id"], keep="first", maintain_order=True
    )
    return Growth(_told(added, measured, texts), ends)


def _told(added: pl.DataFrame, measured: pl.DataFrame, texts: Texts) -> list[dict[str, Any]]:
    named = added.with_columns(
        *(texts.named(added[name]).alias(name) for name in ("group", "user", "address")), ids(pl.col("id")).alias("id")
    )
    return (
        named.group_by("group", "cluster", maintain_order=True)
        .agg(
            pl.col("time").min().alias("start"),
            pl.col("time").max().alias("end"),
            pl.len().alias("count"),
            pl.col("time").head(IDS).alias("times"),
            pl.col("id").head(IDS).alias("ids"),
            pl.col("id").last().alias("last"),
            pl.col("user").drop_nulls().unique().sort().head(NAMES),
            pl.col("address").drop_nulls().unique().sort().head(NAMES),
        )
        .join(measured, on="cluster", how="left", maintain_order="left")
        .to_dicts()
    )
