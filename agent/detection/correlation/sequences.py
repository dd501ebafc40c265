"""Rows of a group that come in an order: where it is met, and how many places of it are.

Frames are those of `correlation_window`; windows here have `group`, `since`, `until` and `anchor`.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from agent.detection.correlation.correlation import Correlation

BY = ["group", "time"]


def by_length(
    rows: pl.LazyFrame, places: Sequence[int], correlation: Correlation, *, whole: bool
) -> list[pl.LazyFrame]:
    """For each number of places, windows that meet so many of them in order.

    `whole`: from the earliest beginning within a timespan, else from the latest.
    """
    ends = [rows.filter(pl.col("step") == step).select(BY).unique().sort("time") for step in places]
    found: list[list[pl.LazyFrame]] = [[] for _ in places]
    for first, begin in enumerate(ends):
        chains = {first: begin.with_columns(pl.col("time").alias("since"))}
        for further in range(len(places) - first):
            if further:
                chains = {
                    place: _after(ends[place], pl.concat([chain for last, chain in chains.items() if last < place]))
                    for place in range(first + further, len(places))
                }
            spanned = _spanned(list(chains.values()), correlation)
            found[further].append(_reaching_back(spanned, begin, correlation) if whole and further else spanned)
    since = pl.col("since").min() if whole else pl.col("since").max()
    names = ["group", "since", "until", "anchor"]
    return [pl.concat(parts).group_by("group", "until", "anchor").agg(since).select(names) for parts in found]


def _reaching_back(spanned: pl.LazyFrame, begin: pl.LazyFrame, correlation: Correlation) -> pl.LazyFrame:
    """From the first of `begin` within a timespan on, from where the order is met if it is from a later one.

    So a row that comes late can only add to a window, and what was told of it stays true.
    """
    reach = (pl.col("anchor") - correlation.milliseconds).alias("reached")
    found = next_time(
        spanned.select("group", pl.col("anchor").alias("time"), reach),
        begin.select("group", pl.col("time").alias("reached")),
    )
    return found.select(
        "group", pl.col("reached").alias("since"), pl.col("time").alias("until"), pl.col("time").alias("anchor")
    )


def chains(rows: pl.LazyFrame, order: Sequence[int], correlation: Correlation) -> pl.LazyFrame:
    """Windows that have all of these in this order."""
    begin = rows.filter(pl.col("step") == order[0]).select(BY)
    chain = begin.with_columns(pl.col("time").alias("since"))
    for step in order[1:]:
        chain = _after(rows.filter(pl.col("step") == step).select(BY).unique().sort("time"), chain)
    spanned = _spanned([chain], correlation)
    found = _reaching_back(spanned, begin, correlation) if len(order) > 1 else spanned
    return found.with_columns(pl.lit(float(len(order))).alias("measured"))


def _after(ends: pl.LazyFrame, before: pl.LazyFrame) -> pl.LazyFrame:
    """`ends` that come strictly after one of `before`, with the latest beginning these can have."""
    best = before.group_by(BY).agg(pl.col("since").max()).sort("time").with_columns(pl.col("since").cum_max().over("group"))  # fmt: skip
    return ends.join_asof(
        best, on="time", by="group", strategy="backward", allow_exact_matches=False, check_sortedness=False
    ).filter(pl.col("since").is_not_null())


def _spanned(chains: Sequence[pl.LazyFrame], correlation: Correlation) -> pl.LazyFrame:
    """The best chain at each end, if it is no longer than a timespan."""
    return (
        pl.concat([chain.select(*BY, "since") for chain in chains])
        .group_by(BY)
        .agg(pl.col("since").max())
        .filter(pl.col("time") - pl.col("since") <= correlation.milliseconds)
        .select("group", "since", pl.col("time").alias("until"), pl.col("time").alias("anchor"))
    )


def longest(rows: pl.LazyFrame, counted: Sequence[pl.LazyFrame], correlation: Correlation) -> pl.LazyFrame:
    """`measured` of the whole window that ends at each time, whatever row ends it."""
    found = rows.select(BY).unique().sort("time").with_columns(pl.lit(0.0).alias("measured"))
    for part in counted:
        best = part.select("group", pl.col("until").alias("time"), "since", pl.col("measured").alias("count"))
        best = best.sort("time").with_columns(pl.col("since").cum_max().over("group"))
        within = pl.col("since") >= pl.col("time") - correlation.milliseconds
        found = (
            found.join_asof(best, on="time", by="group", strategy="backward", check_sortedness=False)
            .with_columns(pl.when(within).then("count").otherwise("measured").alias("measured"))
            .select(*BY, "measured")
        )
    return found


def next_time(begin: pl.LazyFrame, following: pl.LazyFrame, *, strict: bool = False) -> pl.LazyFrame:
    """`reached` becomes the first time of `following` at (or, if strict, after) it; null if there is none."""
    return (
        begin.sort("reached")
        .join_asof(
            following.with_columns(pl.col("reached").alias("then")).sort("reached"),
            on="reached",
            by="group",
            strategy="forward",
            allow_exact_matches=not strict,
            check_sortedness=False,
        )
        .select("group", "time", pl.col("then").alias("reached"))
    )
