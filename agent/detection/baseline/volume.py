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

from agent.columns.timestamp import HOUR
from agent.detection.baseline.baseline import SEASONS, Baseline, milliseconds
from agent.detection.baseline.buckets import HELD, SCHEMAS, buckets, one_per_slot, window_details
from agent.detection.baseline.history import compared, peers_reach
from agent.detection.baseline.kind import Context, Flaw, Kind, Peers
from agent.detection.baseline.open_alert import OpenAlert, OpenAlerts
from agent.detection.baseline.usual import UsualVolume, WindowName, WindowSpans
from agent.detection.baseline.windows import WindowLimits, grown_windows, lower_ceilings
from agent.detection.baseline.working_frames import WorkingFrames
from agent.detection.memory.stored_frame import PieceLayout
from agent.wording.number import number_text
from agent.wording.phrase import field_text
from agent.wording.span import span_text

SETTLE = 6 * HOUR
"""Milliseconds of event time between two looks at what is settled."""

GROUPS = 200_000
"""Groups with a past, per baseline and org. Of new ones the largest are taken; nobody pushes out who is there."""

NEW = 100_000
"""Groups with open buckets; of more, the smallest that have no past go."""

PAST = 20_000_000
"""Settled buckets; of more, the oldest go."""

COMPARED = 10_000
"""Windows, per baseline and org, of which is known what they are held against, 400 bytes each; of more, those asked last."""

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
    needed_bounds = (("gte",), ("ratio", "deviation", "highest"))
    schemas = SCHEMAS

    def whole(self, name: str, rows: pl.DataFrame) -> pl.DataFrame:
        return one_per_slot(rows) if name == "open" else rows

    def held(self, name: str, stored: pl.DataFrame) -> pl.DataFrame:
        return pl.DataFrame([stored[column] for column in HELD]) if name == "open" else stored

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
            windows = grown_windows(frames, fresh, _limits(baseline, frames))
            if windows.height:
                _judge(baseline, frames, windows, context.alerts, context.peers)
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
            yield Flaw("the condition has no least volume", hint="add gte: the least volume that is worth an alert")
        if not any(baseline.bounds[name] for name in ("ratio", "deviation", "highest")):
            hint = "add ratio, deviation or highest; without them it is a correlation (value_sum)"
            yield Flaw("the condition does not compare with the past", hint=hint)
        if baseline.span % baseline.step or baseline.step < timedelta(minutes=1):
            hint = "write a timespan of one or several steps"
            yield Flaw("the timespan is not a multiple of the step", ("step",), hint)
        if baseline.history / baseline.step > STEPS:
            hint = f"write a shorter history or a longer step: at most {STEPS} steps"
            yield Flaw("the history has too many steps", ("history",), hint)
        if baseline.once_per % baseline.step:
            yield Flaw("once-per is not a multiple of the step", ("once-per",))
        if baseline.season and (baseline.span != baseline.step or SEASONS[baseline.season] % baseline.step):
            hint = "write a timespan such as 1h, and no step"
            yield Flaw("the season does not fit the timespan", ("season",), hint)

    def late_part(self, baseline: Baseline) -> int:
        # A bucket is settled as a whole, so a row may come until the watermark has passed its bucket.
        return milliseconds(baseline.step)

    def comparison(self, baseline: Baseline, alert: OpenAlert, events: str) -> str:
        times = "once" if alert.measured == 1 else f"{number_text(alert.measured)} times"
        much = f"{field_text(baseline.field)} adding up to {number_text(alert.measured)} in {events}"
        whose = " for others" if alert.texts["compared_with"] == "peers" else ""
        usual = f"where {number_text(alert.numbers['expected'])} is usual{whose}"
        return f"{much if baseline.field else f'{events} {times}'} within {span_text(baseline.span)}, {usual}"


def _limits(baseline: Baseline, frames: WorkingFrames) -> WindowLimits:
    # Buckets from `floor` less a window on are open, for windows that end later need them; those that end at the floor
    # or before had their last word when it passed them.
    settled = frames.floor // milliseconds(baseline.step) - 1
    return WindowLimits(WindowSpans.of(baseline).window, baseline.bounds["gte"], settled)


def _judge(baseline: Baseline, frames: WorkingFrames, windows: pl.DataFrame, alerts: OpenAlerts, peers: Peers) -> None:
    """Raise the windows (`windows.SCHEMA`) that exceed what they are held against."""
    usual = _usual(baseline, frames, windows, peers)
    names = zip(*(windows[name].to_list() for name in ("key", "slot", "value")), strict=True)
    over = [(past := usual[key, slot]) is not None and value >= past.threshold for key, slot, value in names]
    if not any(over):
        return
    exceeding = windows.filter(pl.Series(over, dtype=pl.Boolean))
    opened = frames.rows_of("open", exceeding["key"].unique())
    told = window_details(exceeding, opened, WindowSpans.of(baseline).window)
    for window in told.sort("slot").iter_rows(named=True):
        past = usual[window["key"], window["slot"]]
        if past is not None:
            alerts.put(_open_alert(baseline, alerts, window, past))


def _usual(
    baseline: Baseline, frames: WorkingFrames, windows: pl.DataFrame, peers: Peers
) -> Mapping[WindowName, UsualVolume | None]:
    """What to hold each window against, by its key and slot; None: nothing.

    That is settled when the first row of a window comes (`history`), so it is asked for once.
    """
    names = [*zip(windows["key"].to_list(), windows["slot"].to_list(), strict=True)]
    new = [name for name in names if name not in frames.usual]
    if not new:
        return frames.usual
    columns, keys = SCHEMAS["past"].names(), pl.Series(list({key for key, _ in new}), dtype=pl.UInt64)
    # Of a later window's history some may be settled and some not yet: both together are the past.
    opened = one_per_slot(frames["open"].filter(pl.col("key").is_in(keys.implode())))
    past = pl.concat([frames.sorted_runs("past").rows_of(keys, SCHEMAS["past"]), opened.select(columns)])
    steps = WindowSpans.of(baseline)

    def everybody(slot: int) -> pl.DataFrame:
        # Of what is open only little is old enough, and only that has to be put together.
        late = frames["open"].filter(peers_reach(steps, slot))
        return pl.concat([frames["past"], one_per_slot(late).select(columns)])

    found = compared(baseline, new, past, lambda slot: peers(slot, lambda: everybody(slot)))
    known = {**frames.usual, **found}
    frames.usual = known if len(known) <= COMPARED else found
    return known


def _open_alert(baseline: Baseline, alerts: OpenAlerts, window: dict[str, Any], past: UsualVolume) -> OpenAlert:
    """`window`: a row of `window_details`."""
    step, once = milliseconds(baseline.step), milliseconds(baseline.once_per)
    slot, value, length = window["slot"], window["value"], WindowSpans.of(baseline).window
    begins = slot * step // once * once  # the period that the window's last slot is in has one alert
    return OpenAlert(
        id=alerts.identity(window["key"], begins),
        group=window["group"],
        closes=begins + once,
        first=window["first"],
        last=window["last"],
        count=window["count"],
        measured=value,
        threshold=past.threshold,
        rank=value,
        place=slot,
        numbers={
            "expected": past.expected,
            "deviation": round((value - past.expected) / past.spread, 2),
            "highest": past.highest,
            "samples": float(past.samples),
            **({"ratio": round(value / past.expected, 2)} if past.expected else {}),
        },
        texts={
            "compared_with": "peers" if past.of_peers else "own",
            "window": datetime.fromtimestamp((slot - length + 1) * step / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ"),
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
    part, dropped = _admitted(done, frames)
    # The next window's history is of windows that end less than `history` slots before, and each of them begins a
    # window's length earlier still.
    oldest = frames.floor // step - steps.history - steps.window
    runs = frames.sorted_runs("past").adding(part)
    if runs.height > PAST:
        oldest = max(oldest, int(runs.frame(SCHEMAS["past"])["slot"].sort(descending=True)[PAST]))
    frames.grow_runs("past", runs, part)
    # Nothing looks at what is older, so it may go later: copying all of a past each time is dear.
    if runs.height and int(frames["past"]["slot"].min()) <= oldest - steps.history // 32:  # type: ignore[arg-type]
        frames.forget_slots("past", oldest + 1)
    if done.height:
        frames.forget_slots("open", since)
        lower_ceilings(frames)
    frames.usual = {name: usual for name, usual in frames.usual.items() if name[1] >= frames.floor // step}
    return dropped


def _admitted(part: pl.DataFrame, frames: WorkingFrames) -> tuple[pl.DataFrame, int]:
    """What of newly settled buckets (`part`, as `HELD`) becomes part of `past`, as that; how many rows do not."""
    columns = SCHEMAS["past"].names()
    new = frames.sorted_runs("past").unknown(part["key"].unique())
    # Counting groups costs as much as the past is long: only when there may be too many.
    most = frames.groups.get("past", frames["past"].height) + len(new)
    if most > GROUPS:
        most = frames["past"]["key"].n_unique() + len(new)
    room = max(0, GROUPS - (most - len(new)))
    frames.groups["past"] = min(most, GROUPS)
    if len(new) <= room:
        return part.select(columns), 0
    sizes = part.filter(pl.col("key").is_in(new.implode())).group_by("key").agg(pl.col("value").sum())
    largest = sizes.sort("value", "key", descending=True)[:room]["key"]
    out = new.filter(~new.is_in(largest.implode()))
    left_out = pl.col("key").is_in(out.implode())
    return part.filter(~left_out).select(columns), int(part.filter(left_out)["count"].sum())
