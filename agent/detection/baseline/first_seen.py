"""First seen: a value that a group never had before.

A row is new if no row of its group has its value and is a `wait` older, and if the group itself was known for the
learning period before that. Both are settled by the watermark when the row comes, so what is new does not depend on
the order in which rows come. All new rows of one value are one alert.

    since                                  first   time
    |............|<------ minimum ------>|<--- wait --->|
      the group is known: since <= time - wait - minimum; the value is new: first > time - wait
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from agent.columns.small import SMALL
from agent.columns.text.text_hash import text_hashes
from agent.columns.timestamp import HOUR
from agent.detection.alert.sentence import LONGEST_VALUE
from agent.detection.baseline.baseline import Baseline, milliseconds
from agent.detection.baseline.kind import Context, Kind
from agent.detection.baseline.open_alert import NAMES, OpenAlert, OpenAlerts
from agent.detection.baseline.working_frames import WorkingFrames
from agent.wording.number import counted
from agent.wording.phrase import field_text, shortened

SCHEMAS = {"pairs": pl.Schema({"pair": pl.UInt64, "key": pl.UInt64, "first": pl.Int64, "day": pl.Int32})}
"""Group and value as one number, the group's, when both were first seen together (ms) and the last day they were."""

DAY = 24 * HOUR
PAIRS = 500_000
"""Pairs of group and value, per baseline and org. New ones are not taken when there are more."""

VALUES = 2_000
"""Values of one group; whoever makes them up fills a part of the memory only."""


class FirstSeen(Kind):
    """A value that a group never had before."""

    name = "first_seen"
    measure = "days_known"
    keys = frozenset({"history", "minimum-history"})
    timespan = timedelta(days=1)
    history = timedelta(days=180)
    minimum = timedelta(days=14)
    field = "compared"
    schemas = SCHEMAS

    def whole(self, _name: str, rows: pl.DataFrame) -> pl.DataFrame:
        return _one_per_pair(rows)

    def advance(self, context: Context) -> int:
        baseline, frames, rows = context.baseline, context.frames, context.rows
        dropped = 0
        if rows.height:
            rows = rows.with_columns(text_hashes(rows["group"] + "\n" + rows["value"]).alias("pair"))
            dropped = _take_in(baseline, rows, frames, context.alerts)
        if context.mark // DAY > frames.floor // DAY:
            frames.floor = context.mark // DAY * DAY
            _forget(baseline, frames)
        return dropped

    def comparison(self, baseline: Baseline, alert: OpenAlert, events: str) -> str:
        value = f"{field_text(baseline.field)} {shortened(alert.texts['value'], LONGEST_VALUE)}"
        return f"{value} for the first time in {counted(int(alert.measured), 'day')}, in {events}"


def _one_per_pair(stored: pl.DataFrame) -> pl.DataFrame:
    """The frame `pairs` from pieces of it, in which a pair may stand several times."""
    return (
        stored.group_by("pair")
        .agg(pl.col("key").first(), pl.col("first").min(), pl.col("day").max())
        .select(SCHEMAS["pairs"].names())
    )


def _take_in(baseline: Baseline, rows: pl.DataFrame, frames: WorkingFrames, alerts: OpenAlerts) -> int:
    """Put `rows`, with `pair`, into the frame and raise those that are new; returns how many there was no room for."""
    wait, pairs = milliseconds(baseline.wait), frames["pairs"]
    fresh = _few_fresh(rows, pairs, wait) if rows.height <= SMALL else _with_known(_fresh(rows), pairs)
    if fresh is None:
        return 0
    fresh, dropped = _admitted(fresh, frames)
    changed = fresh.filter(_changed()).select(_current())
    if changed.height:
        frames.append("pairs", changed)
    # When a row comes, times up to one wait before it are settled: what is said of them stays true. A pair first
    # seen within that wait may have come in any order, so all of its rows there are new.
    current = fresh.select("earliest", *_current())
    young = current.filter(pl.col("first") > pl.col("earliest") - wait)
    if young.height:
        _judge(baseline, frames["pairs"], rows.join(young.select("pair", "first"), on="pair"), alerts)
    return dropped


KNOWN = pl.Schema(
    [
        *SCHEMAS["pairs"].items(),
        ("earliest", pl.Int64()),
        ("count", pl.UInt32()),
        ("known first", pl.Int64()),
        ("known day", pl.Int32()),
    ]
)
"""What `_with_known` gives."""


def _few_fresh(rows: pl.DataFrame, pairs: pl.DataFrame, wait: int) -> pl.DataFrame | None:
    """`_with_known` of `_fresh` of few `rows`, without pairs that neither are new nor change the frame: most of those
    that come one by one. None if there are no others. `wait`: milliseconds.
    """
    fresh: dict[int, tuple[int, int, int, int]] = {}
    for pair, key, time in zip(*(rows[name].to_list() for name in ("pair", "key", "time")), strict=True):
        _, first, last, count = fresh.get(pair, (key, time, time, 0))
        fresh[pair] = key, min(first, time), max(last, time), count + 1
    near = pairs.filter(pl.col("pair").is_in(pl.Series([*fresh], dtype=pl.UInt64).implode()))
    known: dict[int, tuple[int, int]] = {}
    for pair, first, day in zip(*(near[name].to_list() for name in ("pair", "first", "day")), strict=True):
        before = known.get(pair, (first, day))
        known[pair] = min(first, before[0]), max(day, before[1])
    telling = [
        (pair, key, first, last // DAY, first, count, *known.get(pair, (None, None)))
        for pair, (key, first, last, count) in fresh.items()
        # What is before the first time is within a wait of it, too.
        if pair not in known or last // DAY > known[pair][1] or known[pair][0] > first - wait
    ]
    if not telling:
        return None
    named = zip(KNOWN.items(), zip(*telling, strict=True), strict=True)
    return pl.DataFrame([pl.Series(name, column, dtype=dtype) for (name, dtype), column in named])


def _fresh(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows`, with `pair`, as the frame `pairs`, with `earliest` (the first time again) and `count` (UInt32): how many
    rows a pair has.
    """
    return rows.group_by("pair").agg(
        pl.col("key").first(),
        pl.col("time").min().alias("first"),
        (pl.col("time").max() // DAY).cast(pl.Int32).alias("day"),
        pl.col("time").min().alias("earliest"),
        pl.len().alias("count"),
    )


def _with_known(fresh: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """`fresh` (`_fresh`) with `known first` and `known day`, what `pairs` has of each; null for a new pair."""
    known = pairs.filter(pl.col("pair").is_in(fresh["pair"].implode()))
    known = known.group_by("pair").agg(
        pl.col("first").min().alias("known first"), pl.col("day").max().alias("known day")
    )
    return fresh.join(known, on="pair", how="left")


def _current() -> list[pl.Expr]:
    """The frame `pairs` of rows of `_with_known`."""
    return [
        pl.col("pair", "key"),
        pl.min_horizontal("first", "known first").alias("first"),
        pl.max_horizontal("day", "known day").alias("day"),
    ]


def _changed() -> pl.Expr:
    """Whether a row of `_with_known` says what the frame does not."""
    news = (pl.col("first") < pl.col("known first")) | (pl.col("day") > pl.col("known day"))
    return news.fill_null(value=True)


def _admitted(fresh: pl.DataFrame, frames: WorkingFrames) -> tuple[pl.DataFrame, int]:
    """`fresh` (`_with_known`) without the new pairs that the frame has no room for, and how many rows these had."""
    new = fresh.filter(pl.col("known first").is_null())
    if not new.height:
        return fresh, 0
    pairs = frames["pairs"]
    of_groups = pairs.filter(pl.col("key").is_in(new["key"].unique().implode()))
    held = of_groups.group_by("key").agg(pl.col("pair").n_unique().alias("held"))
    number = pl.int_range(pl.len()).over("key")  # of the new pairs of a group, in the order of their times
    room = (
        new.sort("first", "pair")
        .join(held, on="key", how="left", maintain_order="left")
        .filter(number + pl.col("held").fill_null(0) < VALUES)
    )
    if pairs.height + room.height > PAIRS:  # a pair may stand several times
        room = room[: max(0, PAIRS - pairs["pair"].n_unique())]
    if room.height == new.height:
        return fresh, 0
    out = new.join(room, on="pair", how="anti")
    return fresh.join(out, on="pair", how="anti"), int(out["count"].sum())


def _judge(baseline: Baseline, pairs: pl.DataFrame, rows: pl.DataFrame, alerts: OpenAlerts) -> None:
    """Raise the new rows. `rows`: with `pair` and `first`, when the pair was first seen (ms); `pairs`: the frame."""
    wait, learning = milliseconds(baseline.wait), milliseconds(baseline.minimum)
    new = rows.filter(pl.col("first") > pl.col("time") - wait)
    if not new.height:
        return
    groups = pairs.filter(pl.col("key").is_in(new["key"].unique().implode()))
    since = groups.group_by("key").agg(pl.col("first").min().alias("since"))
    judged = new.join(since, on="key").filter(pl.col("since") <= pl.col("time") - wait - learning)
    found = judged.group_by("pair").agg(
        pl.col("group", "value", "first", "since").first(),
        pl.col("mark").min().alias("from"),
        pl.col("mark").max().alias("to"),
        pl.len().alias("count"),
        pl.col("time").min().alias("began"),
        pl.col("time").max(),
        pl.col("user").drop_nulls().unique().sort().head(NAMES),
        pl.col("address").drop_nulls().unique().sort().head(NAMES),
    )
    for pair in found.sort("from").iter_rows(named=True):
        began = pair["began"]
        alerts.add(
            OpenAlert(
                id=_identity(baseline, alerts, pair["pair"], pair["first"]),
                group=pair["group"],
                # A row of this pair is new until a wait after `first`, which is no later than the last row taken.
                closes=pair["time"] + wait,
                first=pair["from"],
                last=pair["to"],
                count=pair["count"],
                measured=(began - pair["since"]) / DAY,
                threshold=(wait + learning) / DAY,
                rank=-began,
                texts={"value": pair["value"][:1000]},
                users=pair["user"],
                addresses=pair["address"],
            )
        )


def _identity(baseline: Baseline, alerts: OpenAlerts, pair: int, first: int) -> str:
    """The same for all that is said of a pair, until it is forgotten; a late row can move its beginning a little."""
    # A late row moves `first` by a wait at most, hence at most into the neighbouring part of a history's length.
    epoch = first // milliseconds(baseline.history)
    likely = [alerts.identity(pair, near) for near in (epoch, epoch + 1, epoch - 1)]
    return next((identity for identity in likely if identity in alerts.open), likely[0])


def _forget(baseline: Baseline, frames: WorkingFrames) -> None:
    """Pairs that were not seen for the length of the history."""
    # Of a pair only the day of its last row is kept: the day in which the history begins stays as a whole.
    oldest = (frames.floor - milliseconds(baseline.history)) // DAY
    whole = _one_per_pair(frames["pairs"])
    kept = whole.filter(pl.col("day") >= oldest)
    if kept.height < whole.height:
        frames.set("pairs", kept)
