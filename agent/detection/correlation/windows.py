"""Which windows of a correlation's groups hold, and which rows they are made of: a pure function of the rows.

The package's docstring draws a window of each type. Frames are lazy. Rows have `group` (UInt32), `time` (Int64,
milliseconds), `id` (Binary), `step` (UInt8, place of the base in `Correlation.steps`) and, where values are looked at,
`value`. A window ends at a row and reaches back one timespan, both ends included; one in which something must be absent
begins at a row of what must be there, and lasts one.

Windows have `group`, `since` and `until` (what it spans), `anchor` (time of the row that it ends or begins
with), `measured` (Float64), and `term` (UInt8), which says by `allowed` which steps take part.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from agent.detection.correlation.definition.correlation import ConditionBound, Correlation
from agent.detection.correlation.sequences import BY, by_length, chains, longest, next_time

FOREVER = 2**62
"""A watermark that has passed every window: far from the least and the greatest Int64, so that spans can be added to
it.
"""

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


def windows(rows: pl.LazyFrame, correlation: Correlation) -> pl.LazyFrame:
    """The windows in which the condition holds: a frame of `WINDOWS`. `rows`: group, time, id, step, value."""
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
    """Rows within windows (`held`), each once; where a window has its anchor at a row, `measured` (Float64) and `known`
    (Int64, the time at which it was over), which are null elsewhere. All other columns are those of `rows`.
    """
    if not correlation.terms:
        return _inside(rows, held, correlation, 0)
    numbers = range(len(correlation.terms))
    found = [_inside(rows, held.filter(pl.col("term") == number), correlation, number) for number in numbers]
    if len(found) == 1:
        return found[0]
    # A row may lie in windows of several terms: of these it keeps one value to tell, and the earliest time.
    columns = pl.exclude("measured", "known").first()
    once = pl.concat(found).group_by("group", "time", "id", "step", maintain_order=True)
    return once.agg(columns, *_of_anchor(correlation)).select([*rows.collect_schema().names(), "measured", "known"])


def _of_anchor(correlation: Correlation) -> tuple[pl.Expr, pl.Expr]:
    """Of several windows with one anchor: the `measured` to tell, and the first `known`."""
    measured = pl.col("measured").min() if least(correlation) else pl.col("measured").max()
    return measured, pl.col("known").min()


def _inside(rows: pl.LazyFrame, held: pl.LazyFrame, correlation: Correlation, term: int) -> pl.LazyFrame:
    """Rows within windows of one term, with `measured` and `known` where an anchor lies.

    Of all windows that end at or after a row, the one that reaches back farthest says whether the row is in one.
    """
    rows = rows.filter(pl.col("step").is_in(allowed(correlation, term))).sort("time", "id", "step")
    # reach: for each end of a window the least `since` of all windows that end there or later (a running minimum from
    # the last end to the first), so that one look at the next end (a forward join) answers for all of them.
    reach = (
        held.sort("group", "until")
        .with_columns(pl.col("since").cum_min(reverse=True).over("group"))
        .select("group", pl.col("until").alias("time"), "since")
        .unique(BY, keep="first", maintain_order=True)
        .sort("time")
    )
    # A window of what is absent has its anchor at its beginning: `known` is a timespan later than the row there.
    ended = held.select("group", pl.col("anchor").alias("time"), "measured", pl.col("until").alias("known"))
    at = ended.group_by(BY).agg(*_of_anchor(correlation))
    return (
        rows.join_asof(reach, on="time", by="group", strategy="forward", check_sortedness=False)
        .filter(pl.col("since") <= pl.col("time"))
        .drop("since")
        .join(at, on=BY, how="left", maintain_order="left")
    )


def allowed(correlation: Correlation, term: int) -> Sequence[int]:
    """Steps whose rows take part: those wanted by the term, else all."""
    if correlation.terms:
        return _places(correlation, correlation.terms[term].wanted)
    return range(len(correlation.steps))


def least(correlation: Correlation) -> bool:
    """Whether the lowest of several measured values is the one to tell: where the condition has upper bounds only."""
    return all(bound.operator in ("lt", "lte") for bound in correlation.bounds) and bool(correlation.bounds)


def _places(correlation: Correlation, bases: Sequence[str]) -> tuple[int, ...]:
    """Bases as rows have them in `step`."""
    return tuple(correlation.steps.index(base) for base in bases)


def _holds(bounds: Sequence[ConditionBound]) -> pl.Expr:
    """Whether `measured` is within all bounds."""
    value = pl.col("measured")
    compared = {"lt": value.lt, "lte": value.le, "gt": value.gt, "gte": value.ge, "eq": value.eq, "neq": value.ne}
    return pl.all_horizontal(pl.lit(value=True), *(compared[bound.operator](bound.number) for bound in bounds))


def _backward(ends: pl.LazyFrame, correlation: Correlation) -> pl.LazyFrame:
    """Windows that end at `time` and reach back one timespan. `ends`: group, time and `measured` (any number)."""
    return ends.select(
        "group",
        # Both ends belong to a window: with a timespan of 600000 ms the one that ends at 600000 has the row at 0.
        (pl.col("time") - correlation.milliseconds).alias("since"),
        pl.col("time").alias("until"),
        pl.col("time").alias("anchor"),
        pl.col("measured").cast(pl.Float64),
        pl.lit(0, pl.UInt8).alias("term"),
    )


def _measured(rows: pl.LazyFrame, correlation: Correlation) -> pl.LazyFrame:
    """Group, time and `measured` (Float64) of the window that ends there; sums are rounded, so that no order of adding
    shows: six digits, where Float64 has 15 of them for sums up to 10^9.
    """
    # An event that several bases matched is a row of each, and counts once.
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
    """Group, time and `measured` of the window that ends there: what entered until then, less what left before.

    `weight`: what a row adds; `span`: milliseconds; `distinct`: a column of which each value counts once in a window.
    Of these each row counts until the value's next row: nothing is counted anew for a window.
    """
    # A row at 0 is in all windows that end from 0 to span, both included: the first without it ends at span + 1.
    leaves = pl.col("time") + span + 1
    if distinct:
        rows = rows.sort("group", distinct, "time")
        following = pl.col("time").shift(-1)
        # The next row of the same value takes over at its own time, so that the value counts once all the way.
        same = (pl.col("group").shift(-1) == pl.col("group")) & (pl.col(distinct).shift(-1) == pl.col(distinct))
        leaves = pl.when(same).then(pl.min_horizontal(leaves, following)).otherwise(leaves)
    rows = rows.select("group", "time", weight.cast(pl.Float64).alias("change"), leaves.alias("leaves"))
    gone = rows.select("group", pl.col("leaves").alias("time"), -pl.col("change"), pl.lit(value=False).alias("entry"))
    moves = pl.concat([rows.select("group", "time", "change", pl.lit(value=True).alias("entry")), gone])
    # Entries and leaves of one time come to one change; a window ends where something entered, not where a row left.
    return (
        moves.group_by(BY)
        .agg(pl.col("change").sum(), pl.col("entry").any())
        .sort(BY)
        .with_columns(pl.col("change").cum_sum().over("group").alias("measured"))
        .filter("entry")
        .select(*BY, "measured")
    )


def _quantile(rows: pl.LazyFrame, correlation: Correlation) -> pl.LazyFrame:
    """Group, time and `measured` of the window that ends there: linear between the two nearest ranks, six digits."""
    return (
        rows.sort(BY)
        # `i`: counted in the column's own integers, milliseconds. Of rows at one time the last one's window has them
        # all.
        .rolling("time", period=f"{correlation.milliseconds}i", group_by="group", closed="both")
        .agg(pl.col("value").quantile(correlation.percentile / 100, "linear").round(6).alias("measured"))
        .unique(BY, keep="last")
    )


def _with(rows: pl.LazyFrame, wanted: Sequence[int], order: Sequence[int], correlation: Correlation) -> pl.LazyFrame:
    """Windows with a row of each step that is wanted, in this order if there is one: group, since, until, anchor,
    measured.
    """
    rows = rows.filter(pl.col("step").is_in(wanted))
    if order:
        return chains(rows, order, correlation)
    ends = _total(rows, pl.lit(1.0), correlation.milliseconds, distinct="step")
    return _backward(ends, correlation).filter(pl.col("measured") >= len(wanted))


def _without(
    rows: pl.LazyFrame,
    wanted: Sequence[int],
    absent: Sequence[int],
    order: Sequence[int],
    correlation: Correlation,
) -> pl.LazyFrame:
    """Windows that begin at a row of what is wanted, have all of it (in order, if there is one), and nothing absent:
    group, since, until, anchor, measured (how many steps are wanted).
    """
    span, rows = correlation.milliseconds, rows.sort("time")
    anchors = rows.filter(pl.col("step").is_in(wanted)).select(BY).unique().sort("time")
    # `reached`: where the last step was found that was looked for. In an order the next one comes strictly later;
    # else each is looked for from the beginning of the window on. The first place may be the beginning itself.
    found = anchors.select("group", "time", pl.col("time").alias("reached"))
    for place, step in enumerate(order or wanted):
        following = rows.filter(pl.col("step") == step).select("group", pl.col("time").alias("reached"))
        begin = found if order else found.with_columns(pl.col("time").alias("reached"))
        found = next_time(begin, following, strict=bool(order) and place > 0).filter(
            pl.col("reached") <= pl.col("time") + span
        )
    # The first row of what must be absent lies beyond the window, whose last millisecond is time + span; or there is
    # none.
    for step in absent:
        following = rows.filter(pl.col("step") == step).select("group", pl.col("time").alias("reached"))
        begin = found.with_columns(pl.col("time").alias("reached"))
        found = next_time(begin, following).filter(
            pl.col("reached").is_null() | (pl.col("reached") > pl.col("time") + span)
        )
    return found.select(
        "group",
        pl.col("time").alias("since"),
        (pl.col("time") + span).alias("until"),
        pl.col("time").alias("anchor"),
        pl.lit(float(len(wanted))).alias("measured"),
    )


def _in_order(rows: pl.LazyFrame, correlation: Correlation) -> pl.LazyFrame:
    """Windows of ordered rows, a frame of `WINDOWS`. Measured is the largest number of places that are met in order.

    Where more rows can only help, every sufficient number of places is a window, from its earliest beginning on;
    otherwise the largest number within each window is held against the condition.
    """
    places = [correlation.steps.index(base) for base in correlation.bases]
    found = by_length(rows, places, correlation, whole=not correlation.waits)
    counted = [part.with_columns(pl.lit(float(n)).alias("measured")) for n, part in enumerate(found, start=1)]
    if correlation.waits:
        return _backward(longest(rows, counted, correlation), correlation).filter(_holds(correlation.bounds))
    held = pl.concat(counted).filter(_holds(correlation.bounds))
    return held.with_columns(pl.lit(0, pl.UInt8).alias("term")).select(WINDOWS.names())
