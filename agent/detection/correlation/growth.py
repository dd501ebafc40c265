"""What new rows, or windows that are over now, add to the alerts of a correlation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import Any

import polars as pl

from agent.detection.alert.alert import IDS
from agent.detection.correlation import few_rows, windows
from agent.detection.correlation.definition.correlation import Correlation
from agent.detection.correlation.inside_window import ADDRESS, ID, TIME, USER, FewRow
from agent.detection.correlation.open_alert import NAMES
from agent.detection.correlation.possible_groups import of_possible_groups
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


def joined(parts: Sequence[Growth]) -> Growth:
    """Of different groups."""
    if len(parts) == 1:
        return parts[0]
    anchors = [part.anchors for part in parts if part.anchors.height]
    return Growth(
        [cluster for part in parts for cluster in part.clusters],
        pl.concat(anchors) if anchors else pl.DataFrame(),
        [measure for part in parts for measure in part.remeasured],
    )


def of_places(rows: pl.DataFrame, grown: few_rows.RowGrowth, texts: TextCodes) -> Growth:
    """Growth told row by row, with texts in place of codes; `rows`: the frame of its places."""
    anchors = pl.DataFrame()
    if grown.anchors:
        places, measured = zip(*grown.anchors, strict=True)
        anchors = rows[list(places)]
        if "known" not in rows.columns:
            told = pl.Series("measured", measured, dtype=pl.Float64), anchors["time"].alias("known")
            anchors = anchors.with_columns(told)
    return Growth(_clusters(grown.clusters, texts), anchors, _remeasured(grown.remeasured, texts))


def by_columns(correlation: Correlation, before: pl.DataFrame, fresh: pl.DataFrame, texts: TextCodes) -> Growth:
    """Of a condition that more rows can only make hold. `before`: kept rows of some groups, two timespans around the
    new ones; `fresh`: the new rows of these groups.
    """
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
    """Of windows that end at `since` or later and before `until`. `rows`: all from two timespans before `since` on, and
    before `until`; some may be there twice.
    """
    span = correlation.milliseconds
    ends = pl.col("until").is_between(since, until, closed="left")
    # These windows begin a timespan before `since`, or later; in most of them, and of most groups, nothing holds.
    recent = of_possible_groups(rows.filter(pl.col("time") >= since - span), correlation, since)
    if not recent.height:
        return NO_GROWTH
    recent = recent.unique(["id", "step"], keep="first")
    touched = windows.windows(recent.lazy(), correlation).filter(ends).select("group").unique().collect()
    if not touched.height:
        return NO_GROWTH
    touched_rows = rows.join(touched, on="group", how="semi").unique(["id", "step"], keep="first").lazy()
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
        return of_places(now, few_rows.compared(correlation, was, now), texts) if now.height else NO_GROWTH
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
    measures = dict(values.iter_rows())
    cells = zip(rows["cluster"].to_list(), rows["group"].to_list(), few_rows.listed(rows), strict=True)
    clusters = [
        (group, [row for *_, row in of_cluster], measures[number])
        for (number, group), of_cluster in groupby(cells, key=itemgetter(0, 1))
    ]
    return Growth(_clusters(clusters, texts), found, _remeasured(changed.rows(), texts))


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


def _remeasured(rows: Sequence[tuple[int, int, float]], texts: TextCodes) -> list[tuple[str, int, float]]:
    """`rows` (group, time, measured), each once, with the group's text."""
    if not rows:
        return []
    groups = _named([group for group, *_ in rows], texts)
    return list(
        dict.fromkeys((text or "", time, measured) for text, (_, time, measured) in zip(groups, rows, strict=True))
    )


def _clusters(found: Sequence[tuple[int, Sequence[FewRow], float | None]], texts: TextCodes) -> list[dict[str, Any]]:
    """`Growth.clusters`. `found`: as `few_rows.RowGrowth` has them."""
    if not found:
        return []
    # All are looked up at once, for one look costs more than the codes of a cluster.
    rows_of_all = [row for _, rows, _ in found for row in rows]
    codes: list[list[int | None]] = [
        [group for group, *_ in found],
        [row[USER] for row in rows_of_all],
        [row[ADDRESS] for row in rows_of_all],
    ]
    named = iter(_named(list(chain.from_iterable(codes)), texts))
    groups, users, addresses = (iter(list(islice(named, len(part)))) for part in codes)
    # Only the first ids are named, and the last one.
    ids = iter(id_texts(pl.Series([row[ID] for _, rows, _ in found for row in (*rows[:IDS], rows[-1])])).to_list())
    clusters = []
    for group, (_, rows, measured) in zip(groups, found, strict=True):
        clusters.append(
            {
                "group": group or "",
                "start": rows[0][TIME],
                "end": rows[-1][TIME],
                "count": len(rows),
                "times": [row[TIME] for row in rows[:IDS]],
                "ids": list(islice(ids, min(len(rows), IDS))),
                "last": next(ids),
                "measured": measured,
                **{
                    name: sorted(filter(None, {*islice(texts_of_rows, len(rows))}))[:NAMES]
                    for name, texts_of_rows in (("user", users), ("address", addresses))
                },
            }
        )
    return clusters


def _named(codes: Sequence[int | None], texts: TextCodes) -> list[str | None]:
    return texts.named(pl.Series(codes, dtype=pl.UInt32)).to_list()
