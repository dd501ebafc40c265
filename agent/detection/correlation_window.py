"""Which windows of a correlation's groups hold, and which rows they are made of: a pure function of the rows.

Frames are lazy. Rows have `group` (UInt32), `time` (Int64, milliseconds), `id` (Binary), `step` (UInt8, place of the base
in `Correlation.steps`) and, where values are looked at, `value`. A window ends at a row and reaches back one timespan,
both ends included; one in which something must be absent begins at a row of what must be there, and lasts one.

Windows have `group`, `since` and `until` (what it spans), `anchor` (time of the row that it ends or begins
with), `measured` (Float64), and `term` (UInt8), which says by `allowed` which steps take part.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from agent.detection.correlation import Bound, Correlation

FOREVER = 2**62

WINDOWS = pl.Schema(
    {
        "group": pl.UInt32,
        "since": pl.Int64,
        "until": pl.Int64,
        "anchor": pl.Int64,
        "measured": pl.Float64,
        "term": pl.UInt8,
    }
)
BY = ["group", "time"]


def windows(rows: pl.LazyFrame, correlation: Correlation) -> pl.LazyFrame:
    """The windows in which the condition holds."""
    parts = [WINDOWS.to_frame().lazy()]
    if correlation.terms:
        for number, term in enumerate(correlation.terms):
            wanted, absent = _places(correlation, term.wanted), _places(correlation, term.absent)
            order = wanted if correlation.kind == "temporal_ordered" else ()
            found = _without(rows, wanted, absent, order, correlation) if absent else _with(rows, wanted, order, correlation)  # fmt: skip
            parts.append(found.with_columns(pl.lit(number, pl.UInt8).alias("term")).select(WINDOWS.names()))
    elif correlation.kind == "temporal_ordered":
        parts.append(_in_order(rows, correlation))
    else:
        parts.append(_backward(_measured(rows, correlation), correlation).filter(_holds(correlation.bounds)))
    return pl.concat(parts)


def members(rows: pl.LazyFrame, held: pl.LazyFrame, correlation: Correlation) -> pl.LazyFrame:
    """Rows within windows, each once; where a window has its anchor at a row, `measured` and `known` (Int64, the time
    at which it was over), which are null elsewhere.
    """
    if not correlation.terms:
        return _inside(rows, held, correlation, 0)
    numbers = range(len(correlation.terms))
    found = [_inside(rows, held.filter(pl.col("term") == number), correlation, number) for number in numbers]
    if len(found) == 1:
        return found[0]
    others = pl.exclude("measured", "known").first()
    once = pl.concat(found).group_by("group", "time", "id", "step", maintain_order=True)
    return once.agg(others, *_of_anchor(correlation)).select([*rows.collect_schema().names(), "measured", "known"])


def _of_anchor(correlation: Correlation) -> tuple[pl.Expr, pl.Expr]:
    measured = pl.col("measured").min() if least(correlation) else pl.col("measured").max()
    return measured, pl.col("known").min()


def _inside(rows: pl.LazyFrame, held: pl.LazyFrame, correlation: Correlation, term: int) -> pl.LazyFrame:
    """Of all windows that end after a row, the one that reaches back farthest says whether the row is in one."""
    rows = rows.filter(pl.col("step").is_in(allowed(correlation, term))).sort("time", "id", "step")
    reach = (
        held.sort("group", "until")
        .with_columns(pl.col("since").cum_min(reverse=True).over("group"))
        .select("group", pl.col("until").alias("time"), "since")
        .unique(BY, keep="first", maintain_order=True)
        .sort("time")
    )
    ended = held.select("group", pl.col("anchor").alias("time"), "measured", pl.col("until").alias("known"))
    at = ended.group_by(BY).agg(*_of_anchor(correlation))
    return (
        rows.join_asof(reach, on="time", by="group", strategy="forward", check_sortedness=False)
        .filter(pl.col("since") <= pl.col("time"))
        .drop("since")
        .join(at, on=BY, how="left", maintain_order="left")
    )


def allowed(correlation: Correlation, term: int) -> Sequence[int]:
    """Steps whose rows take part."""
    if correlation.terms:
        return _places(correlation, correlation.terms[term].wanted)
    return range(len(correlation.steps))


def least(correlation: Correlation) -> bool:
    """Whether the lowest of several measured values is the one to tell."""
    return all(bound.operator in ("lt", "lte") for bound in correlation.bounds) and bool(correlation.bounds)


def _places(correlation: Correlation, bases: Sequence[str]) -> tuple[int, ...]:
    return tuple(correlation.steps.index(base) for base in bases)


def _holds(bounds: Sequence[Bound]) -> pl.Expr:
    value = pl.col("measured")
    said = {"lt": value.lt, "lte": value.le, "gt": value.gt, "gte": value.ge, "eq": value.eq, "neq": value.ne}
    return pl.all_horizontal(pl.lit(value=True), *(said[bound.operator](bound.number) for bound in bounds))


def _backward(ends: pl.LazyFrame, correlation: Correlation) -> pl.LazyFrame:
    """Windows that end at `time` and reach back one timespan."""
    return ends.select(
        "group",
        (pl.col("time") - correlation.milliseconds).alias("since"),
        pl.col("time").alias("until"),
        pl.col("time").alias("anchor"),
        pl.col("measured").cast(pl.Float64),
        pl.lit(0, pl.UInt8).alias("term"),
    )


def _measured(rows: pl.LazyFrame, correlation: Correlation) -> pl.LazyFrame:
    """`group`, `time` and the value of the window that ends there; sums are rounded, so that no order of adding shows."""
    span, once = correlation.milliseconds, rows.unique(["group", "id", *(["value"] if correlation.fields else [])])
    match correlation.kind:
        case "event_count":
            return _total(once, pl.lit(1.0), span)
        case "value_sum":
            return _total(once, pl.col("value"), span).with_columns(pl.col("measured").round(6))
        case "value_avg":
            totals = _total(once, pl.col("value"), span).join(_total(once, pl.lit(1.0), span), on=BY, suffix="_count")
            return totals.select(*BY, (pl.col("measured") / pl.col("measured_count")).round(6).alias("measured"))
        case "value_median" | "value_percentile":
            return _quantile(once, correlation)
        case "value_count":
            return _total(rows, pl.lit(1.0), span, distinct="value")
        case _:
            return _total(rows, pl.lit(1.0), span, distinct="step")


def _total(rows: pl.LazyFrame, weight: pl.Expr, span: int, distinct: str = "") -> pl.LazyFrame:
    """What entered until a time, less what left before.

    Of distinct values each row counts until the value's next row: nothing is counted anew for a window.
    """
    leaves = pl.col("time") + span + 1
    if distinct:
        rows = rows.sort("group", distinct, "time")
        following = pl.col("time").shift(-1)
        same = (pl.col("group").shift(-1) == pl.col("group")) & (pl.col(distinct).shift(-1) == pl.col(distinct))
        leaves = pl.when(same).then(pl.min_horizontal(leaves, following)).otherwise(leaves)
    rows = rows.select("group", "time", weight.cast(pl.Float64).alias("change"), leaves.alias("leaves"))
    gone = rows.select("group", pl.col("leaves").alias("time"), -pl.col("change"), pl.lit(value=False).alias("entry"))
    moves = pl.concat([rows.select("group", "time", "change", pl.lit(value=True).alias("entry")), gone])
    return (
        moves.group_by(BY)
        .agg(pl.col("change").sum(), pl.col("entry").any())
        .sort(BY)
        .with_columns(pl.col("change").cum_sum().over("group").alias("measured"))
        .filter("entry")
        .select(*BY, "measured")
    )


def _quantile(rows: pl.LazyFrame, correlation: Correlation) -> pl.LazyFrame:
    """Linear between the two nearest ranks."""
    return (
        rows.sort(BY)
        .rolling("time", period=f"{correlation.milliseconds}i", group_by="group", closed="both")
        .agg(pl.col("value").quantile(correlation.percentile / 100, "linear").round(6).alias("measured"))
        .unique(BY, keep="last")
    )


def _with(rows: pl.LazyFrame, wanted: Sequence[int], order: Sequence[int], correlation: Correlation) -> pl.LazyFrame:
    """Windows with a row of each step, in this order if there is one."""
    rows = rows.filter(pl.col("step").is_in(wanted))
    if order:
        return _chains(rows, [(step,) for step in order], correlation)
    ends = _total(rows, pl.lit(1.0), correlation.milliseconds, distinct="step")
    return _backward(ends, correlation).filter(pl.col("measured") >= len(wanted))


def _without(
    rows: pl.LazyFrame,
    wanted: Sequence[int],
    absent: Sequence[int],
    order: Sequence[int],
    correlation: Correlation,
) -> pl.LazyFrame:
    """Windows that begin at a row of what is wanted, have all of it (in order, if there is one), and nothing absent."""
    span, rows = correlation.milliseconds, rows.sort("time")
    anchors = rows.filter(pl.col("step").is_in(wanted)).select(BY).unique().sort("time")
    found = anchors.select("group", "time", pl.col("time").alias("reached"))
    for place, step in enumerate(order or wanted):
        following = rows.filter(pl.col("step") == step).select("group", pl.col("time").alias("reached"))
        begin = found if order else found.with_columns(pl.col("time").alias("reached"))
        found = _next(begin, following, strict=bool(order) and place > 0).filter(
            pl.col("reached") <= pl.col("time") + span
        )
    for step in absent:
        following = rows.filter(pl.col("step") == step).select("group", pl.col("time").alias("reached"))
        begin = found.with_columns(pl.col("time").alias("reached"))
        found = _next(begin, following).filter(
            pl.col("reached").is_null() | (pl.col("reached") > pl.col("time") + span)
        )
    return found.select(
        "group",
        pl.col("time").alias("since"),
        (pl.col("time") + span).alias("until"),
        pl.col("time").alias("anchor"),
        pl.lit(float(len(wanted))).alias("measured"),
    )


def _next(begin: pl.LazyFrame, following: pl.LazyFrame, *, strict: bool = False) -> pl.LazyFrame:
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


def _in_order(rows: pl.LazyFrame, correlation: Correlation) -> pl.LazyFrame:
    """Windows of ordered rows. Measured is the largest number of places that are met in order.

    Where more rows can only help, every sufficient number of places is a window, from its earliest beginning on;
    otherwise the largest number within each window is held against the condition.
    """
    places = [correlation.steps.index(base) for base in correlation.bases]
    by_length = _by_length(rows, places, correlation, whole=not correlation.waits)
    counted = [part.with_columns(pl.lit(float(n)).alias("measured")) for n, part in enumerate(by_length, start=1)]
    if correlation.waits:
        return _backward(_longest(rows, counted, correlation), correlation).filter(_holds(correlation.bounds))
    found = pl.concat(counted).filter(_holds(correlation.bounds))
    return found.with_columns(pl.lit(0, pl.UInt8).alias("term")).select(WINDOWS.names())


def _longest(rows: pl.LazyFrame, counted: Sequence[pl.LazyFrame], correlation: Correlation) -> pl.LazyFrame:
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


def _by_length(
    rows: pl.LazyFrame, places: Sequence[int], correlation: Correlation, *, whole: bool
) -> list[pl.LazyFrame]:
    """For each number of places, windows that meet so many of them in order.

    `whole`: from the earliest beginning within a timespan, else from the latest.
    """
    ends = [rows.filter(pl.col("step") == step).select(BY).unique().sort("time") for step in places]
    found: list[list[pl.LazyFrame]] = [[] for _ in places]
    for first, begin in enumerate(ends):
        chains = {first: begin.with_columns(pl.col("time").alias("since"))}
        for more in range(len(places) - first):
            if more:
                chains = {
                    place: _after(ends[place], pl.concat([one for last, one in chains.items() if last < place]))
                    for place in range(first + more, len(places))
                }
            spanned = _spanned(list(chains.values()), correlation)
            found[more].append(_reaching_back(spanned, begin, correlation) if whole and more else spanned)
    since = pl.col("since").min() if whole else pl.col("since").max()
    names = ["group", "since", "until", "anchor"]
    return [pl.concat(parts).group_by("group", "until", "anchor").agg(since).select(names) for parts in found]


def _reaching_back(spanned: pl.LazyFrame, begin: pl.LazyFrame, correlation: Correlation) -> pl.LazyFrame:
    """From the first of `begin` within a timespan on, from where the order is met if it is from a later one.

    So a row that comes late can only add to a window, and what was told of it stays true.
    """
    reach = (pl.col("anchor") - correlation.milliseconds).alias("reached")
    found = _next(
        spanned.select("group", pl.col("anchor").alias("time"), reach),
        begin.select("group", pl.col("time").alias("reached")),
    )
    return found.select(
        "group", pl.col("reached").alias("since"), pl.col("time").alias("until"), pl.col("time").alias("anchor")
    )


def _chains(rows: pl.LazyFrame, order: Sequence[Sequence[int]], correlation: Correlation) -> pl.LazyFrame:
    """Windows that have all of these in this order."""
    begin = rows.filter(pl.col("step").is_in(order[0])).select(BY)
    chain = begin.with_columns(pl.col("time").alias("since"))
    for steps in order[1:]:
        chain = _after(rows.filter(pl.col("step").is_in(steps)).select(BY).unique().sort("time"), chain)
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
