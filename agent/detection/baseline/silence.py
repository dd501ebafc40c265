"""Silence: a group, or a source, that stops.

Rows are kept as the first and last of each part of the timespan. Once the watermark has passed a time, no row of it can
come any more, and a pause that is longer than allowed by then is told; when rows come again, it is told how long it
was. Allowed is a timespan or, with `ratio`, so many times the longest pause of the history, whichever is longer.

A source as a whole has no watermark while nothing comes of it: without `group-by` the clock is looked at as well.

    begin                       last                          end
    |--- rows, short pauses ----|..... allowed .....|.........|--- rows
    |<---- minimum or more ---->|                   |         |
                                    told `lasting` from here  told `over`; after more than the history: somebody new
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import polars as pl

from agent.columns.small import SMALL
from agent.columns.timestamp import HOUR
from agent.detection.baseline.baseline import Baseline, milliseconds
from agent.detection.baseline.kind import Context, Kind
from agent.detection.baseline.open_alert import OpenAlert, OpenAlerts
from agent.detection.baseline.working_frames import WorkingFrames
from agent.detection.memory.frame_bytes import compact
from agent.wording.number import counted

SCHEMAS = {
    "open": pl.Schema({"key": pl.UInt64, "group": pl.String, "slot": pl.Int64, "low": pl.Int64, "high": pl.Int64, "user": pl.String}),
    "known": pl.Schema({"key": pl.UInt64, "group": pl.String, "begin": pl.Int64, "last": pl.Int64, "user": pl.String}),
    "pauses": pl.Schema({"key": pl.UInt64, "end": pl.Int64, "length": pl.Int64}),
}  # fmt: skip
"""Times in milliseconds. `open`: the first and last time of a group in each part of time (`slot`: parts since 1970)
that a row can still change; `known`: when groups were first and last seen, settled; `pauses`: long ones, settled, with
the time of the row that ended them."""

PARTS = 24
"""Into how many parts a timespan is cut."""

GROUPS = 50_000
"""Per baseline and org. New ones are not taken when there are more."""


class Silence(Kind):
    """A group, or a source, that stops."""

    name = "silence"
    measure = "hours_silent"
    keys = frozenset({"timespan", "history", "minimum-history"})
    history = timedelta(days=28)
    minimum = timedelta(days=14)
    bounds: Mapping[str, float] = {"ratio": 0.0}
    waits = True
    schemas = SCHEMAS

    def whole(self, name: str, rows: pl.DataFrame) -> pl.DataFrame:
        if name == "open":
            return _one_per_part(rows)
        # Of a group in `known` the row with the latest time is the latest word.
        return rows.sort("last").unique("key", keep="last", maintain_order=True) if name == "known" else rows

    def advance(self, context: Context) -> int:
        baseline, frames, alerts = context.baseline, context.frames, context.alerts
        dropped, size = 0, part_of(baseline)
        if context.rows.height:
            fresh, dropped = _admitted(_parts(context.rows, size), frames)
            frames.append("open", fresh)
        if context.mark // size > frames.floor // size:
            _forget(baseline, frames)
            # A part is settled as a whole, so the floor is where one begins.
            frames.floor = context.mark // size * size
            _settle(baseline, frames, alerts, size)
            _raise_ongoing(baseline, frames["known"], frames, frames.floor, alerts)
        if context.clock is not None and not baseline.group_by:
            _raise_ongoing(baseline, _lately(frames), frames, context.clock, alerts)
        return dropped

    def comparison(self, _baseline: Baseline, alert: OpenAlert, events: str) -> str:
        lasts = " so far" if alert.texts["silence"] == "lasting" else ", and again now"
        longest = counted(round(alert.numbers["expected"], 1), "hour")
        usual = f", where the longest pause was {longest}" if alert.numbers["expected"] else ""
        return f"no {events} for {counted(round(alert.measured, 1), 'hour')}{lasts}{usual}"

    def too_short(self, baseline: Baseline) -> str:
        return "the timespan is longer than the history" if baseline.span > baseline.history else ""

    def shape_part(self, baseline: Baseline) -> timedelta:
        return baseline.span

    def look_every(self, baseline: Baseline) -> int:
        return part_of(baseline)


def _parts(rows: pl.DataFrame, size: int) -> pl.DataFrame:
    """`rows.SCHEMA` as the frame `open`, with texts of its own. `size`: milliseconds of a part."""
    if rows.height <= SMALL:
        return _few_parts(rows, size)
    times = [pl.col("time").alias("low"), pl.col("time").alias("high")]
    parts = rows.select("key", "group", (pl.col("time") // size).alias("slot"), *times, "user")
    return compact(_one_per_part(parts))


def _few_parts(rows: pl.DataFrame, size: int) -> pl.DataFrame:
    """As `_parts`."""
    found: dict[tuple[int, int], tuple[str, int, int, str | None]] = {}
    columns = (rows[name].to_list() for name in ("key", "group", "time", "user"))
    for key, group, time, user in zip(*columns, strict=True):
        _, low, high, name = found.get((key, time // size), (group, time, time, user))
        names = [name for name in (name, user) if name is not None]
        found[key, time // size] = group, min(low, time), max(high, time), min(names, default=None)
    made = [(key, group, slot, low, high, name) for (key, slot), (group, low, high, name) in found.items()]
    named = zip(SCHEMAS["open"].items(), zip(*made, strict=True), strict=True)
    return pl.DataFrame([pl.Series(name, column, dtype=dtype) for (name, dtype), column in named])


def _one_per_part(parts: pl.DataFrame) -> pl.DataFrame:
    """`parts` as the frame `open` with one row for each group and slot, of which it may have several."""
    return (
        parts.group_by("key", "slot")
        .agg(pl.col("group").first(), pl.col("low").min(), pl.col("high").max(), pl.col("user").min())
        .select(SCHEMAS["open"].names())
    )


def part_of(baseline: Baseline) -> int:
    """Milliseconds of a part."""
    return max(60_000, milliseconds(baseline.span) // PARTS)


def _admitted(fresh: pl.DataFrame, frames: WorkingFrames) -> tuple[pl.DataFrame, int]:
    """`fresh` (as `open`) without the groups that there is no room for, and how many parts these had."""
    if frames["known"].height + frames["open"].height < GROUPS:
        return fresh, 0
    there = pl.concat([frames["known"].select("key"), frames["open"].select("key")]).unique()
    if there.height < GROUPS:
        return fresh, 0
    kept = fresh.join(there, on="key", how="semi")
    return kept, fresh.height - kept.height


def _settle(baseline: Baseline, frames: WorkingFrames, alerts: OpenAlerts, size: int) -> None:
    """What is older than the floor is what happened: parts of `open` become `known` and `pauses`. `size`: ms of a part."""
    # The floor is where a part begins, so those that end at it or before can get no row any more.
    done = (pl.col("slot") + 1) * size <= frames.floor
    part = _one_per_part(frames["open"].filter(done)).sort("key", "slot")
    if not part.height:
        return
    frames.set("open", frames["open"].filter(~done))
    seen = _seen(baseline, part, frames["known"])
    pauses = _pauses(baseline, frames, seen)
    known = seen.group_by("key", maintain_order=True).agg(
        pl.col("group", "user").first(), pl.col("since").last().alias("begin"), pl.col("high").last().alias("last")
    )
    known = known.select(SCHEMAS["known"].names())
    frames.grow("known", pl.concat([frames["known"].join(known, on="key", how="anti"), known]), known)
    long = seen.filter(pl.col("length") > milliseconds(baseline.span)).select(
        "key",
        "group",
        "begin",
        "user",
        pl.col("from").alias("last"),
        pl.when(~pl.col("new")).then(pl.col("low")).alias("end"),
    )
    _raise_over(baseline, long, pauses, alerts, frames.floor)


def _seen(baseline: Baseline, part: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """`part` with `from` (when something was before), `length` (of the pause), `begin` (of the group, before the pause),
    `since` (after it), all Int64 ms, and `new` (Boolean): who was away for longer than the history comes back as
    somebody new.

    `part`: settled parts as `open`, sorted by `key` and `slot`; `known`: the frame of before.
    """
    # The pause before a part is from the last time of the part before it, or of the group in `known`, to its own first
    # time. Pauses inside a part are not seen: a part is a 24th of what is the least pause to tell.
    before = part.join(known.select("key", "last", "begin"), on="key", how="left", maintain_order="left")
    seen = before.with_columns(pl.coalesce(pl.col("high").shift(1).over("key"), pl.col("last")).alias("from"))
    seen = seen.with_columns((pl.col("low") - pl.col("from")).alias("length"))
    new = pl.col("length").is_null() | (pl.col("length") > milliseconds(baseline.history))
    # A group begins anew with each part that is new, and its later parts go on from there.
    began = pl.when(new).then(pl.col("low")).forward_fill().over("key")
    seen = seen.with_columns(new.alias("new"), pl.coalesce(began, pl.col("begin")).alias("since"))
    return seen.with_columns(pl.coalesce(pl.col("since").shift(1).over("key"), pl.col("begin")).alias("begin"))


def _pauses(baseline: Baseline, frames: WorkingFrames, seen: pl.DataFrame) -> pl.DataFrame:
    """The frame `pauses`, with those of `seen` (`_seen`) that may allow more than the timespan does."""
    telling = ~pl.col("new") & (pl.col("length") * max(1.0, baseline.bounds["ratio"]) > milliseconds(baseline.span))
    long = seen.filter(telling).select("key", pl.col("low").alias("end"), "length")
    frames.grow("pauses", pl.concat([frames["pauses"], long]), long)
    return frames["pauses"]


def _forget(baseline: Baseline, frames: WorkingFrames) -> None:
    """Forget pauses older than the history of any group that is known."""
    # A pause counts for a history before the last row of a group, and that lies at most a history back itself.
    kept = frames["pauses"].filter(pl.col("end") > frames.floor - 2 * milliseconds(baseline.history))
    if kept.height < frames["pauses"].height:
        frames.forget("pauses", kept)


def _lately(frames: WorkingFrames) -> pl.DataFrame:
    """The frame `known`, with what is not settled yet: while nothing comes, nothing is settled either."""
    names = SCHEMAS["known"].names()
    opened = _one_per_part(frames["open"]).select(
        "key", "group", pl.col("low").alias("begin"), pl.col("high").alias("last"), "user"
    )
    return (
        pl.concat([frames["known"], opened])
        .group_by("key")
        .agg(pl.col("group", "user").first(), pl.col("begin").min(), pl.col("last").max())
        .select(names)
    )


def _raise_ongoing(
    baseline: Baseline, known: pl.DataFrame, frames: WorkingFrames, mark: int, alerts: OpenAlerts
) -> None:
    """Raise who is silent at `mark` (ms); who is silent for longer than the history is forgotten. `known`: as that frame."""
    # Nobody is allowed less than the timespan: whoever was seen within it needs no look at its past.
    asleep = known.filter(pl.col("last") < mark - milliseconds(baseline.span))
    if not asleep.height:
        return
    _raise_over(
        baseline, asleep.with_columns(pl.lit(None, dtype=pl.Int64).alias("end")), frames["pauses"], alerts, mark
    )
    gone = asleep.filter(pl.col("last") < frames.floor - milliseconds(baseline.history))
    if gone.height:
        frames.set("known", frames["known"].join(gone, on="key", how="anti"))


def _raise_over(
    baseline: Baseline, pauses: pl.DataFrame, past: pl.DataFrame, alerts: OpenAlerts, mark: int | None = None
) -> None:
    """Raise the pauses that are longer than allowed.

    `pauses`: `key`, `group`, `user`, `begin` (of the group), `last` (its last time), `end` (null: none yet, at `mark`);
    `past`: the frame `pauses`; times in milliseconds.
    """
    span, history = milliseconds(baseline.span), milliseconds(baseline.history)
    # Of the past those pauses count that were over when this one began, up to a history before.
    longest = (
        pauses.select("key", "last")
        .join(past, on="key")
        .filter((pl.col("end") <= pl.col("last")) & (pl.col("end") > pl.col("last") - history))
        .group_by("key", "last")
        .agg(pl.col("length").max().alias("longest"))
    )
    allowed = (pl.col("longest").fill_null(0) * baseline.bounds["ratio"]).clip(lower_bound=span).cast(pl.Int64)
    over = (
        pauses.join(longest, on=["key", "last"], how="left")
        .with_columns(allowed.alias("allowed"))
        .filter(pl.col("last") - pl.col("begin") >= milliseconds(baseline.minimum))
        .filter(pl.coalesce("end", pl.lit(mark, dtype=pl.Int64)) > pl.col("last") + pl.col("allowed"))
        .filter(pl.col("allowed") <= history)
    )
    for pause in over.sort("last").iter_rows(named=True):
        alerts.put(_open_alert(baseline, alerts, pause))


def _open_alert(baseline: Baseline, alerts: OpenAlerts, pause: dict[str, Any]) -> OpenAlert:
    """`pause`: a row of `pauses` in `_raise_over`, with `longest` and `allowed` (ms)."""
    last, end, allowed = pause["last"], pause["end"], pause["allowed"]
    length = (end - last if end is not None else allowed) / HOUR
    # Rows of the part in which a pause ended may still come, and make it shorter, until the watermark has passed that part.
    # One that lasts can end at any time, until the group is forgotten after a history.
    return OpenAlert(
        id=alerts.identity(pause["key"], last),
        group=pause["group"],
        closes=end + part_of(baseline) if end is not None else last + milliseconds(baseline.history),
        first=_mark(last),
        last=_mark(end if end is not None else last + allowed),
        measured=length,
        threshold=allowed / HOUR,
        rank=length,
        numbers={"expected": (pause["longest"] or 0) / HOUR},
        texts={"silence": "over" if end is not None else "lasting"},
        users=[pause["user"]] if pause["user"] else [],
    )


def _mark(time: int) -> str:
    """A mark (`rows.SCHEMA`) of a time without an event."""
    return f"{time:015}"
