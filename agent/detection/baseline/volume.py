"""Volume: what a group does within a timespan, against what it did before.

Rows are added up in buckets of one step. Windows of one timespan end with each bucket in which something happened. A
window is told as soon as it exceeds what it is held against; rows that come later can only make it larger. All windows
of a group that exceed within one `once-per` of event time are one alert, which shows the largest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from agent.columns.small import SMALL
from agent.columns.timestamp import HOUR
from agent.detection.baseline.baseline import SEASONS, Baseline, milliseconds
from agent.detection.baseline.buckets import HELD, SCHEMAS, buckets, one_per_slot, window_details
from agent.detection.baseline.history import PeerStatistics, WindowSpans, compared, peers_reach
from agent.detection.baseline.kind import Context, Flaw, Kind, Peers
from agent.detection.baseline.memory import WorkingFrames
from agent.detection.baseline.open_alert import OpenAlert, OpenAlerts
from agent.detection.memory.stored_frame import PieceLayout
from agent.detection.memory.sum_ceilings import SumCeilings

SETTLE = 6 * HOUR
"""Milliseconds of event time between two looks at what is settled."""

GROUPS = 200_000
"""Groups with a past, per baseline and org. Of new ones the largest are taken; nobody pushes out who is there."""

NEW = 100_000
"""Groups with open buckets; of more, the smallest that have no past go."""

PAST = 20_000_000
"""Settled buckets; of more, the oldest go."""

STEPS = 2_000
"""Steps in a history at most: of more, a group's past would be too long to keep."""


class Volume(Kind):
    """More than a group, or its peers, ever did in as much time."""

    name = "volume"
    measure = "count"
    keys = frozenset({"timespan", "step", "history", "minimum-history", "once-per", "season", "newcomers"})
    history = timedelta(days=28)
    minimum = timedelta(days=7)
    bounds: Mapping[str, float] = {"gte": 0.0, "ratio": 0.0, "deviation": 0.0, "highest": 0.0}
    field = "summed"
    schemas = SCHEMAS

    def whole(self, name: str, rows: pl.DataFrame) -> pl.DataFrame:
        return one_per_slot(rows) if name == "open" else rows

    def held(self, name: str, stored: pl.DataFrame) -> pl.DataFrame:
        return stored.select(HELD) if name == "open" else stored

    def layout(self, baseline: Baseline, name: str) -> PieceLayout:
        # A piece that lies within a bucket goes as a whole: what is open within the time after which it is settled, and
        # of the past a sixteenth.
        step, spans = milliseconds(baseline.step), WindowSpans.of(baseline)
        width = SETTLE // step if name == "open" else spans.history // 16
        return PieceLayout("slot", max(1, width), ("key", "slot"), whole=lambda rows: self.whole(name, rows))

    def advance(self, context: Context) -> int:
        baseline, frames = context.baseline, context.frames
        dropped = 0
        if context.rows.height:
            fresh = buckets(baseline, context.rows)
            frames.append("open", fresh)
            held = _in_question(baseline, frames, fresh)
            if held.height:
                _judge(baseline, frames, held, fresh, context.alerts, context.peers)
            dropped += _bounded(frames, fresh["key"])
        # Settling costs as much as the past is long; what is open meanwhile counts as the past just as well.
        if context.mark - frames.floor >= max(SETTLE, milliseconds(baseline.step)):
            dropped += _settle(baseline, frames, context.mark)
        return dropped

    def once_per(self, span: timedelta) -> timedelta:
        return max(timedelta(days=1), span)

    def too_short(self, baseline: Baseline) -> str:
        if baseline.minimum + baseline.span > baseline.history:
            return "the minimum history and the timespan are longer than the history"
        return ""

    def flaws(self, baseline: Baseline) -> Iterator[Flaw]:
        if not baseline.bounds["gte"]:
            yield Flaw("the condition has no least volume", hint="add gte: below which volume nobody needs to look")
        if not any(baseline.bounds[name] for name in ("ratio", "deviation", "highest")):
            hint = "add ratio, deviation or highest; without them it is a correlation (value_sum)"
            yield Flaw("the condition compares with nothing", hint=hint)
        if baseline.span % baseline.step or baseline.step < timedelta(minutes=1):
            hint = "a timespan is several steps long, or one"
            yield Flaw("the timespan is no multiple of the step", ("step",), hint)
        if baseline.history / baseline.step > STEPS:
            hint = f"{STEPS} steps at most: take a shorter history or a longer step"
            yield Flaw("the history has too many steps", ("history",), hint)
        if baseline.once_per % baseline.step:
            yield Flaw("once-per is no multiple of the step", ("once-per",))
        if baseline.season and (baseline.span != baseline.step or SEASONS[baseline.season] % baseline.step):
            hint = "a season needs a timespan such as 1h, and no step"
            yield Flaw("the season does not fit the timespan", ("season",), hint)

    def late_part(self, baseline: Baseline) -> int:
        # A bucket is settled as a whole, so a row may come until the watermark has passed its bucket.
        return milliseconds(baseline.step)

    def comparison(self, _baseline: Baseline, alert: OpenAlert) -> str:
        return f"where {alert.numbers['expected']:,.10g} is usual"


def _in_question(baseline: Baseline, frames: WorkingFrames, fresh: pl.DataFrame) -> pl.DataFrame:
    """Of the frame `open` (as `HELD`) the buckets of those groups of `fresh` that did enough in all of them together, and
    so may have in one window: few do. One row for each group and slot.
    """
    least = baseline.bounds["gte"] * (1 - 1e-9)  # what is added up in another order differs behind the comma
    held, keys = frames["open"], fresh["key"]
    if fresh.height <= SMALL:
        keys = pl.Series(_reaching(frames, fresh, least), dtype=pl.UInt64)
        if not len(keys):
            return held.clear()
    else:
        frames.ceilings.pop("open", None)
    near = held.filter(pl.col("key").is_in(keys.implode()))
    sums = near.group_by("key").agg(pl.col("value").sum())
    enough = sums.filter(pl.col("value") >= least)["key"]
    return one_per_slot(near.filter(pl.col("key").is_in(enough.implode())) if len(enough) else near.clear())


def _reaching(frames: WorkingFrames, fresh: pl.DataFrame, least: float) -> list[int]:
    """Keys of the groups of `fresh` that may have done at least so much in their open buckets, those included."""
    keys, ceilings = fresh["key"].to_list(), frames.ceilings.get("open")
    if ceilings is None:
        ceilings = frames.ceilings["open"] = SumCeilings(frames["open"])
    else:
        ceilings.add(zip(keys, fresh["value"].to_list(), strict=True))
    return ceilings.reaching(set(keys), least)


def _judge(
    baseline: Baseline,
    frames: WorkingFrames,
    held: pl.DataFrame,
    fresh: pl.DataFrame,
    alerts: OpenAlerts,
    peers: Peers,
) -> None:
    """Raise the windows that exceed what they are held against.

    `held`: the open buckets of some groups, one a slot (as `HELD`); `fresh`: what the batch adds to them. Windows without
    a bucket of `fresh` are as they were.
    """
    steps, step = WindowSpans.of(baseline), milliseconds(baseline.step)
    windows = held
    if steps.window > 1:
        sums = pl.col("value", "count").sum()
        windows = held.sort("key", "slot").rolling("slot", period=f"{steps.window}i", group_by="key").agg(sums)
    # A window is named by the slot it ends with. Buckets from `floor` less a window on are open, for windows that end
    # later need them; those that end at the floor or before had their last word when it passed them.
    unsettled = (pl.col("slot") + 1).cast(pl.Int64) * step > frames.floor
    large = windows.filter((pl.col("value") >= baseline.bounds["gte"]) & (pl.col("value") > 0) & unsettled)
    if large.height:
        large = large.join(_windows_with(large, fresh, steps.window), on=["key", "slot"], how="semi")
    if not large.height:
        return
    # Of a later window's history some may be settled and some not yet: both together are the past.
    columns = SCHEMAS["past"].names()
    past = pl.concat(
        [frames["past"].filter(pl.col("key").is_in(large["key"].unique().implode())), held.select(columns)]
    )

    def everybody(slot: int) -> pl.DataFrame:
        # Of what is open only little is old enough, and only that has to be put together.
        opened = frames["open"].filter(peers_reach(steps, slot))
        return pl.concat([frames["past"], one_per_slot(opened).select(columns)])

    def peers_before(slot: int) -> PeerStatistics | None:
        return peers(slot, lambda: everybody(slot))

    exceeding = compared(baseline, large, past, peers_before).filter(pl.col("value") >= pl.col("threshold"))
    if exceeding.height:
        told = window_details(exceeding, frames.rows_of("open", exceeding["key"].unique()), steps.window)
        for window in told.sort("slot").iter_rows(named=True):
            alerts.put(_open_alert(baseline, alerts, window, steps))


def _windows_with(windows: pl.DataFrame, fresh: pl.DataFrame, length: int) -> pl.DataFrame:
    """`key`, `slot` (and `at`) of the windows of `length` slots that a bucket of `fresh` lies in."""
    # The bucket `at` lies in the windows that end with it or up to `length` - 1 slots later.
    pairs = windows.select("key", "slot").join(fresh.select("key", pl.col("slot").alias("at")), on="key")
    return pairs.filter((pl.col("slot") - pl.col("at")).is_between(0, length - 1))


def _open_alert(baseline: Baseline, alerts: OpenAlerts, window: dict[str, Any], steps: WindowSpans) -> OpenAlert:
    """`window`: a row of `compared`."""
    step, once = milliseconds(baseline.step), milliseconds(baseline.once_per)
    slot, value, expected = window["slot"], window["value"], window["expected"]
    begins = slot * step // once * once  # the period that the window's last slot is in has one alert
    return OpenAlert(
        id=alerts.identity(window["key"], begins),
        group=window["group"],
        closes=begins + once,
        first=window["first"],
        last=window["last"],
        count=window["count"],
        measured=value,
        threshold=window["threshold"],
        rank=value,
        place=slot,
        numbers={
            "expected": expected,
            "deviation": round((value - expected) / window["spread"], 2),
            "highest": window["highest"],
            "samples": float(window["samples"]),
            **({"ratio": round(value / expected, 2)} if expected else {}),
        },
        texts={
            "compared_with": "peers" if window["others"] else "own",
            "window": datetime.fromtimestamp((slot - steps.window + 1) * step / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ"),
        },
        users=_names(window, "user"),
        addresses=_names(window, "address"),
    )


def _names(window: dict[str, Any], name: str) -> list[str]:
    return sorted({str(found) for end in ("low", "high") if (found := window[f"{name}_{end}"]) is not None})


def _bounded(frames: WorkingFrames, keys: pl.Series) -> int:
    """Drop of the frame `open` the smallest groups without a past, if there are too many; returns their rows.

    `keys`: groups of what came.
    """
    held = frames["open"]
    # Counting groups costs as much as the frame is long: only when there may be too many.
    most = min(held.height, frames.groups.get("open", held.height) + len(keys))
    if most > NEW:
        most = held["key"].n_unique()
    frames.groups["open"] = most
    if most <= NEW:
        return 0
    sizes = held.group_by("key").agg(pl.col("value").sum(), pl.col("count").sum())
    new = sizes.join(frames["past"], on="key", how="anti").sort("value", "key", descending=True)
    if new.height <= NEW:
        return 0
    gone = new[NEW // 2 :]
    frames.leave_out("open", gone["key"])
    return int(gone["count"].sum())


def _settle(baseline: Baseline, frames: WorkingFrames, mark: int) -> int:
    """Move what no row can change any more to the past, and forget what is older than the history."""
    steps, step = WindowSpans.of(baseline), milliseconds(baseline.step)
    frames.floor = mark // step * step
    # The next row is in the floor's slot or later, so the earliest window it can change ends with that slot and begins
    # a window's length less one before it.
    since = frames.floor // step - steps.window + 1
    done = one_per_slot(frames["open"].filter(pl.col("slot") < since))
    part, dropped = _admitted(done, frames["past"])
    # The next window's history is of windows that end less than `history` slots before, and each of them begins a
    # window's length earlier still.
    oldest = frames.floor // step - steps.history - steps.window
    past = pl.concat([frames["past"], part])
    if past.height > PAST:
        oldest = max(oldest, int(past["slot"].sort(descending=True)[PAST]))
    frames.grow("past", past, part)
    # Nothing looks at what is older, so it may go later: copying all of a past each time is dear.
    if past.height and int(past["slot"].min()) <= oldest - steps.history // 32:  # type: ignore[arg-type]
        frames.forget_slots("past", oldest + 1)
    if done.height:
        frames.forget_slots("open", since)
        frames.ceilings.pop("open", None)
    return dropped


def _admitted(part: pl.DataFrame, past: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """What of newly settled buckets (`part`, as `HELD`) becomes part of `past`, as that; how many rows do not."""
    columns = SCHEMAS["past"].names()
    if past.height + part.height <= GROUPS:
        return part.select(columns), 0
    known = past.select("key").unique()
    new = part.join(known, on="key", how="anti")
    room = max(0, GROUPS - known.height)
    if new["key"].n_unique() <= room:
        return part.select(columns), 0
    most = new.group_by("key").agg(pl.col("value").sum()).sort("value", "key", descending=True)[:room]
    left_out = new.join(most, on="key", how="anti")
    return part.join(left_out, on="key", how="anti").select(columns), int(left_out["count"].sum())
