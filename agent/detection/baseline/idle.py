"""Idle: a group that did nothing for a timespan, and is awake again.

Time is cut into hours. A row wakes its group up if the last hour in which something was done, those within a `wait`
before the row aside, is a timespan or more before it. Which hours these are is settled by the watermark when the row
comes. All rows that wake a group up from the same sleep are one alert.

    | last |.................... | gap | row |     hours; those of the gap are not looked at
    |<------- timespan or more ------->|           from the last hour that is looked at to the row's own
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import polars as pl

from agent.columns.small import SMALL
from agent.columns.timestamp import HOUR
from agent.detection.baseline.baseline import Baseline, milliseconds
from agent.detection.baseline.kind import Context, Flaw, Kind
from agent.detection.baseline.open_alert import NAMES, OpenAlert, OpenAlerts
from agent.detection.baseline.working_frames import WorkingFrames
from agent.wording.number import counted

SCHEMAS = {"hours": pl.Schema({"key": pl.UInt64, "hour": pl.Int32})}
"""Hours (since 1970) in which a group did something: the last one that is settled, and all since."""

SETTLE_HOURS = 6
"""Hours of event time between two looks at what is settled."""

GROUPS = 500_000
"""Per baseline and org. New ones are not taken when there are more."""


class Idleness(Kind):
    """A group that did nothing for a timespan, and is awake again."""

    name = "idle"
    measure = "days_idle"
    keys = frozenset({"timespan"})
    history = timedelta(days=800)
    schemas = SCHEMAS

    def whole(self, _name: str, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.unique()

    def advance(self, context: Context) -> int:
        baseline, frames, rows = context.baseline, context.frames, context.rows
        gap = _gap(baseline)
        dropped = 0
        if rows.height:
            rows = rows.with_columns((pl.col("time") // HOUR).cast(pl.Int32).alias("hour"))
            rows, dropped = _admitted(rows, frames["hours"])
            near = frames["hours"].filter(pl.col("key").is_in(rows["key"].implode()))
            if not _known_well(rows, near):
                added = rows.select("key", "hour").unique().join(near, on=["key", "hour"], how="anti")
                if added.height:
                    frames.grow("hours", pl.concat([frames["hours"], added]), added)
                near = pl.concat([near, added])
            _judge(baseline, near, rows, gap, context.alerts)
        if context.mark // HOUR - frames.floor // HOUR >= SETTLE_HOURS:
            frames.floor = context.mark // HOUR * HOUR
            _settle(baseline, frames, gap)
        return dropped

    def comparison(self, _baseline: Baseline, alert: OpenAlert, events: str) -> str:
        return f"{events} again after {counted(round(alert.measured, 1), 'day')} without any"

    def flaws(self, baseline: Baseline) -> Iterator[Flaw]:
        if not baseline.group_by:
            yield Flaw("the baseline has no account that could be idle", (), "group by a field that names accounts")


def _known_well(rows: pl.DataFrame, hours: pl.DataFrame) -> bool:
    """Whether a glance at few `rows`, with `hour`, shows that the frame has their hours. `hours`: the frame's rows of
    their groups.
    """
    if rows.height > SMALL or hours.height > SMALL:
        return False
    known = set(zip(hours["key"].to_list(), hours["hour"].to_list(), strict=True))
    return known.issuperset(zip(rows["key"].to_list(), rows["hour"].to_list(), strict=True))


def _gap(baseline: Baseline) -> int:
    """How many hours before a row's own are not looked at: they may be open still when the row comes.

    The watermark is then at least the row's time less the wait, somewhere in hour h - ceil(wait / 1 h) of a row of
    hour h. The hours before that one are settled; that one may have begun only, hence one more.
    """
    return -(-milliseconds(baseline.wait) // HOUR) + 1


def _admitted(rows: pl.DataFrame, hours: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """`rows` without those of groups that `hours` has no room for, and how many these are."""
    if hours.height < GROUPS or hours["key"].n_unique() < GROUPS:
        return rows, 0
    kept = rows.join(hours, on="key", how="semi")
    return kept, rows.height - kept.height


def _judge(baseline: Baseline, hours: pl.DataFrame, rows: pl.DataFrame, gap: int, alerts: OpenAlerts) -> None:
    """Raise who wakes up. `rows`: `rows.SCHEMA` with `hour` (Int32); `hours`: the frame's rows of their
    groups; `gap`: hours (`_gap`).
    """
    least = -(-milliseconds(baseline.span) // HOUR)  # rounded up: at least the timespan
    long_ago = int(rows["hour"].max() or 0) - least  # type: ignore[arg-type]
    # Who did nothing so long before the newest row of the batch did not wake up in it.
    if int(hours["hour"].min()) > long_ago:  # type: ignore[arg-type]
        return
    old = hours.filter(pl.col("hour") <= long_ago).select("key").unique()
    waking = rows.join(old, on="key", how="semi")  # nearly nobody
    hour, at = pl.col("hour"), pl.col("at")
    last = (
        waking.select("key", "hour")
        .unique()
        .join(hours.rename({"hour": "at"}), on="key")
        .filter(at <= hour - gap)
        .group_by("key", "hour")
        .agg(at.max().alias("slept"))
        .filter(hour - pl.col("slept") >= least)
    )
    found = (
        waking.join(last, on=["key", "hour"])
        .group_by("key", "slept")
        .agg(
            pl.col("group").first(),
            hour.min(),
            hour.max().alias("until"),
            pl.col("mark").min().alias("from"),
            pl.col("mark").max().alias("to"),
            pl.len().alias("count"),
            pl.col("user").drop_nulls().unique().sort().head(NAMES),
            pl.col("address").drop_nulls().unique().sort().head(NAMES),
        )
    )
    for sleep in found.sort("from").iter_rows(named=True):
        alerts.add(
            OpenAlert(
                id=alerts.identity(sleep["key"], sleep["slept"]),
                group=sleep["group"],
                # Rows of hours up to `gap` after this one do not look at it yet, and so wake up from the same sleep.
                closes=(sleep["until"] + gap + 1) * HOUR,
                first=sleep["from"],
                last=sleep["to"],
                count=sleep["count"],
                measured=(sleep["hour"] - sleep["slept"]) / 24,
                threshold=least / 24,
                rank=-sleep["hour"],  # it slept until the first of them
                users=sleep["user"],
                addresses=sleep["address"],
            )
        )


def _settle(baseline: Baseline, frames: WorkingFrames, gap: int) -> None:
    """Of the hours that any later row looks at, the last one of each group is enough."""
    # A later row is of the floor's hour or after it, and looks at what is a gap before its own hour or older.
    last = frames.floor // HOUR - gap
    oldest = (frames.floor - milliseconds(baseline.history)) // HOUR
    done = pl.col("hour") <= last
    settled = frames["hours"].filter(done).group_by("key").agg(pl.col("hour").max())
    kept = pl.concat([settled.filter(pl.col("hour") >= oldest), frames["hours"].filter(~done)])
    frames.forget("hours", kept)
