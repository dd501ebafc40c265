"""Rows of a group that come in an order: where it is met, and how many places of it are.

A place is a position in the order, a step the base that stands there; with `rules: [a, b, a]` step 0 has places 0 and
2. Rows and windows are those of `windows`; windows here have `group`, `since`, `until` and `anchor`. A chain is a way
to meet some places one after the other: its frame has `group`, `time` (where it ends) and `since` (where it begins; of
several that end there the latest beginning, which is the one that can still be within a timespan later on).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from agent.detection.correlation.definition.correlation import Correlation

BY = ["group", "time"]
"""What a time is told apart by: times of different groups have nothing to do with each other."""


def by_length(
    rows: pl.LazyFrame, places: Sequence[int], correlation: Correlation, *, whole: bool
) -> list[pl.LazyFrame]:
    """For each number of places (1, 2, ...) windows that meet so many of them in order: group, since, until, anchor.

    `places`: the step at each place; `whole`: from the earliest beginning within a timespan, else from the latest.
    """
    # ends[place]: group and time of the rows that can stand there.
    ends = [rows.filter(pl.col("step") == step).select(BY).unique().sort("time") for step in places]
    found: list[list[pl.LazyFrame]] = [[] for _ in places]
    for first, begin in enumerate(ends):
        # Chains that begin at the place `first`, by the place at which they end. Each round appends one more place,
        # which may skip some: with an order a, b, c the rows a, c meet two places. So after it chains have further + 1
        # places.
        chains = {first: begin.with_columns(pl.col("time").alias("since"))}
        for further in range(len(places) - first):
            if further:
                chains = {
                    place: _after(ends[place], pl.concat([chain for last, chain in chains.items() if last < place]))
                    for place in range(first + further, len(places))
                }
            spanned = _spanned(list(chains.values()), correlation)
            found[further].append(_reaching_back(spanned, begin, correlation) if whole and further else spanned)
    # Chains of one length that begin at different places and end at one row make one window.
    since = pl.col("since").min() if whole else pl.col("since").max()
    names = ["group", "since", "until", "anchor"]
    return [pl.concat(parts).group_by("group", "until", "anchor").agg(since).select(names) for parts in found]


def _reaching_back(spanned: pl.LazyFrame, begin: pl.LazyFrame, correlation: Correlation) -> pl.LazyFrame:
    """Windows with the ends of `spanned` that begin at the first of `begin` (group, time) within a timespan.

    From there the order is met if it is from a later one. So a row that comes late can only add to a window, and what
    was told of it stays true.
    """
    # There is always one: the chain within the timespan begins at a row of `begin`.
    reach = (pl.col("anchor") - correlation.milliseconds).alias("reached")
    found = next_time(
        spanned.select("group", pl.col("anchor").alias("time"), reach),
        begin.select("group", pl.col("time").alias("reached")),
    )
    return found.select(
        "group", pl.col("reached").alias("since"), pl.col("time").alias("until"), pl.col("time").alias("anchor")
    )


def chains(rows: pl.LazyFrame, order: Sequence[int], correlation: Correlation) -> pl.LazyFrame:
    """Windows that have all of these steps in this order: group, since, until, anchor, measured (how many steps)."""
    begin = rows.filter(pl.col("step") == order[0]).select(BY)
    chain = begin.with_columns(pl.col("time").alias("since"))
    for step in order[1:]:
        chain = _after(rows.filter(pl.col("step") == step).select(BY).unique().sort("time"), chain)
    spanned = _spanned([chain], correlation)
    found = _reaching_back(spanned, begin, correlation) if len(order) > 1 else spanned
    return found.with_columns(pl.lit(float(len(order))).alias("measured"))


def _after(ends: pl.LazyFrame, before: pl.LazyFrame) -> pl.LazyFrame:
    """Chains that `ends` (group, time) make longer by one place: strictly after one of `before` (chains), with the
    latest beginning that these can have.
    """
    # A running maximum: the chain before that ended last need not be the one that began last.
    best = before.group_by(BY).agg(pl.col("since").max()).sort("time").with_columns(pl.col("since").cum_max().over("group"))  # fmt: skip
    return ends.join_asof(
        best, on="time", by="group", strategy="backward", allow_exact_matches=False, check_sortedness=False
    ).filter(pl.col("since").is_not_null())


def _spanned(chains: Sequence[pl.LazyFrame], correlation: Correlation) -> pl.LazyFrame:
    """The best chain at each end, if it is no longer than a timespan, as a window: group, since, until, anchor."""
    return (
        pl.concat([chain.select(*BY, "since") for chain in chains])
        .group_by(BY)
        .agg(pl.col("since").max())
        .filter(pl.col("time") - pl.col("since") <= correlation.milliseconds)
        .select("group", "since", pl.col("time").alias("until"), pl.col("time").alias("anchor"))
    )


def longest(rows: pl.LazyFrame, counted: Sequence[pl.LazyFrame], correlation: Correlation) -> pl.LazyFrame:
    """Group, time and `measured` of the whole window that ends at each time, whatever row ends it.

    `counted`: windows of one place, of two, ..., each with their number as `measured`.
    """
    found = rows.select(BY).unique().sort("time").with_columns(pl.lit(0.0).alias("measured"))
    # From the smallest number to the largest, so that the last one that is met within the window stays. A chain that
    # ended earlier counts as long as it began within the window.
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
    """`begin` (group, time, reached) with `reached` moved on to the first time of `following` (group, reached) at it
    or, if strict, after it; null if there is none.
    """
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
