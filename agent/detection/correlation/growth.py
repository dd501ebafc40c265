"""What new rows, or windows that are over now, add to the alerts of a correlation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import polars as pl

from agent.detection.alert.alert import IDS
from agent.detection.correlation import few_rows, windows
from agent.detection.correlation.correlation import Correlation
from agent.detection.correlation.open_alert import NAMES
from agent.detection.correlation.rows import id_texts
from agent.detection.correlation.text_codes import TextCodes


@dataclass(frozen=True, slots=True)
class Growth:
    """What is new: contributing rows, by what becomes one alert, and rows at which the condition now holds."""

    clusters: Sequence[dict[str, Any]]
    """`group` (values of its fields), `start`, `end` (milliseconds), `count`, `times` and `ids` of the first rows,
    `last` (id of the last), `measured`, `user` and `address` (lists of texts).
    """
    anchors: pl.DataFrame
    """Rows (`memory.schema`) with `measured` and `known`: what is handed on to correlations of this one."""
    remeasured: Sequence[tuple[str, int, float]] = ()
    """Group, time and measured value where that is another than before and only rows contribute that did before."""


NO_GROWTH = Growth((), pl.DataFrame())


def by_rows(correlation: Correlation, before: pl.DataFrame, fresh: pl.DataFrame, texts: TextCodes) -> Growth:
    """Of a condition that more rows can only make hold. `before`: kept rows of some groups, two timespans around the
    new ones; `fresh`: the new rows of these groups.
    """
    rows = pl.concat([before, fresh])
    if rows.height <= few_rows.FEW and few_rows.can_tell(correlation):
        return _of_places(rows, few_rows.grown(correlation, rows, before.height), texts)
    return _by_columns(correlation, before, fresh, texts)


def _of_places(rows: pl.DataFrame, grown: few_rows.RowGrowth, texts: TextCodes) -> Growth:
    """Growth told row by row, with the rows in the place of their places."""
    anchors = pl.DataFrame()
    if grown.anchors:
        places, measured = zip(*grown.anchors, strict=True)
        anchors = rows[list(places)]
        if "known" not in rows.columns:
            told = pl.Series("measured", measured, dtype=pl.Float64), anchors["time"].alias("known")
            anchors = anchors.with_columns(told)
    added = pl.DataFrame()
    if grown.clusters:
        numbers = [number for number, (places, _) in enumerate(grown.clusters) for _ in places]
        added = rows[[place for places, _ in grown.clusters for place in places]]
        added = added.with_columns(pl.Series("cluster", numbers, dtype=pl.UInt32))
    measures = dict(enumerate(measured for _, measured in grown.clusters))
    changed = rows[[place for place, _ in grown.remeasured]].select("group", "time")
    changed = changed.with_columns(
        pl.Series("measured", [measured for _, measured in grown.remeasured], dtype=pl.Float64)
    )
    return Growth(_clusters(added, measures, texts), anchors, _remeasured(changed, texts))


def _by_columns(correlation: Correlation, before: pl.DataFrame, fresh: pl.DataFrame, texts: TextCodes) -> Growth:
    """See `by_rows`."""
    rows = pl.concat([before, fresh])
    first = fresh.lazy().group_by("group").agg(pl.col("time").min().alias("first"))
    # A new row changes no window that ends before it. Whether a row of one that it changes was a member before depends
    # on windows that end a timespan before it, or later.
    near = pl.col("until") >= pl.col("first") - correlation.milliseconds
    held = windows.windows(rows.lazy(), correlation).join(first, on="group", how="inner").filter(near).collect()
    changed = held.filter(pl.col("until") >= pl.col("first")).select("group", "first").unique()
    if not changed.height:
        return NO_GROWTH
    old, new = (_of_changed(part, changed, correlation) for part in (before, fresh))
    held = held.join(changed.select("group"), on="group", how="semi")
    was, now = pl.collect_all(
        [
            windows.members(old.lazy(), _held_before(before, held, changed, correlation), correlation),
            windows.members(pl.concat([old, new]).lazy(), held.drop("first").lazy(), correlation),
        ]
    )
    return _growth(correlation, was, now, texts)


def _of_changed(rows: pl.DataFrame, changed: pl.DataFrame, correlation: Correlation) -> pl.DataFrame:
    """Rows that can lie in a window that changed: `changed` has `group` and `first`, the time of its first new row."""
    near = rows.lazy().join(changed.lazy(), on="group", how="inner", maintain_order="left")
    return near.filter(pl.col("time") >= pl.col("first") - correlation.milliseconds).drop("first").collect()


def _held_before(
    before: pl.DataFrame, held: pl.DataFrame, changed: pl.DataFrame, correlation: Correlation
) -> pl.LazyFrame:
    """Windows of the groups in `changed` that held without the new rows. `held`: those that hold with them."""
    same = held.lazy().filter(pl.col("until") < pl.col("first")).drop("first")
    # Rows mostly come in order: only where an old one lies at a new one or after it there were other windows.
    later = before.lazy().join(changed.lazy(), on="group", how="inner").filter(pl.col("time") >= pl.col("first"))
    late = later.select("group", "first").unique().collect()
    if not late.height:
        return same
    without = windows.windows(before.join(late, on="group", how="semi").lazy(), correlation)
    without = without.join(late.lazy(), on="group", how="inner").filter(pl.col("until") >= pl.col("first"))
    return pl.concat([same, without.drop("first")])


def by_windows(correlation: Correlation, rows: pl.DataFrame, since: int, until: int, texts: TextCodes) -> Growth:
    """Of windows that end at `since` or later and before `until`. `rows`: all from two timespans before `since` on."""
    span = correlation.milliseconds
    ends = pl.col("until").is_between(since, until, closed="left")
    # These windows begin a timespan before `since`, or later; in most of them, and of most groups, nothing holds.
    recent = windows.windows(rows.lazy().filter(pl.col("time") >= since - span), correlation)
    touched = recent.filter(ends).select("group").unique().collect()
    if not touched.height:
        return NO_GROWTH
    touched_rows = rows.join(touched, on="group", how="semi").lazy()
    # Whether one of their rows was a member before depends on windows that end from a timespan before `since` on.
    near = pl.col("until").is_between(since - span, until, closed="left")
    judged = windows.windows(touched_rows, correlation).filter(near).collect()
    was, now = pl.collect_all(
        [
            windows.members(touched_rows, part.lazy(), correlation)
            for part in (judged.filter(pl.col("until") < since), judged)
        ]
    )
    return _growth(correlation, was, now, texts)


def _growth(correlation: Correlation, was: pl.DataFrame, now: pl.DataFrame, texts: TextCodes) -> Growth:
    """The difference between members before and after; both: rows with `measured` and `known`."""
    if now.height <= few_rows.FEW:
        return _of_places(now, few_rows.compared(correlation, was, now), texts) if now.height else NO_GROWTH
    before, members = was.lazy(), now.lazy()
    # What is handed on is a row of a base (id and step); what alerts count is an event (id), whichever base it is of.
    anchors = members.filter(pl.col("known").is_not_null()).join(
        before.filter(pl.col("known").is_not_null()), on=["group", "id", "step"], how="anti"
    )
    new = members.join(before, on=["group", "id"], how="anti").select("group", "id").unique()
    # Members of a group, old and new, no further apart than `quiet` are one cluster: numbered by a running count of
    # gaps.
    quiet = int(correlation.quiet.total_seconds() * 1000)
    apart = (pl.col("time") - pl.col("time").shift(1) > quiet) | (pl.col("group") != pl.col("group").shift(1))
    clustered = (
        members.join(new.select("group").unique(), on="group", how="semi")
        .sort("group", "time", "id")
        .with_columns(apart.fill_null(value=False).cast(pl.UInt32).cum_sum().alias("cluster"))
    )
    # The measure is that of all anchors of the cluster; only its new rows are counted.
    least = windows.least(correlation)
    measured = clustered.group_by("cluster").agg(pl.col("measured").min() if least else pl.col("measured").max())
    added = clustered.join(new, on=["group", "id"], how="semi", maintain_order="left").unique(
        ["group", "id"], keep="first", maintain_order=True
    )
    found, rows, values, changed = pl.collect_all([anchors, added, measured, _changed_measures(before, members)])
    return Growth(_clusters(rows, dict(values.iter_rows()), texts), found, _remeasured(changed, texts))


def _changed_measures(was: pl.LazyFrame, now: pl.LazyFrame) -> pl.LazyFrame:
    """Group, time and `measured` of events that contributed before, by another rule perhaps, where another value is
    measured now. Both: members.
    """
    was_measured = was.select("group", "id", "step", pl.col("measured").alias("before"))
    return (
        now.filter(pl.col("measured").is_not_null())
        .join(was, on=["group", "id"], how="semi")
        .join(was_measured, on=["group", "id", "step"], how="left")
        .filter(pl.col("measured").ne_missing(pl.col("before")))
        .select("group", "time", "measured")
        .unique()
    )


def _remeasured(rows: pl.DataFrame, texts: TextCodes) -> list[tuple[str, int, float]]:
    """`rows` (group, time, measured), each once, with the group's text."""
    if not rows.height:
        return []
    groups = texts.named(rows["group"]).to_list()
    cells = zip(groups, rows["time"].to_list(), rows["measured"].to_list(), strict=True)
    return list(dict.fromkeys((group or "", time, measured) for group, time, measured in cells))


def _clusters(added: pl.DataFrame, measured: Mapping[int, float | None], texts: TextCodes) -> list[dict[str, Any]]:
    """`Growth.clusters`. `added`: new members by group, time and id, with `cluster`; `measured`: by cluster."""
    if not added.height:
        return []
    named = {name: texts.named(added[name]).to_list() for name in ("group", "user", "address")}
    times, ids = added["time"].to_list(), id_texts(added["id"]).to_list()
    found, begin = [], 0
    for number, places in groupby(added["cluster"].to_list()):
        end = begin + sum(1 for _ in places)
        first = slice(begin, min(begin + IDS, end))
        found.append(
            {
                "group": named["group"][begin] or "",
                "start": times[begin],
                "end": times[end - 1],
                "count": end - begin,
                "times": times[first],
                "ids": ids[first],
                "last": ids[end - 1],
                "measured": measured[number],
                **{name: sorted({*named[name][begin:end]} - {None})[:NAMES] for name in ("user", "address")},
            }
        )
        begin = end
    return found
