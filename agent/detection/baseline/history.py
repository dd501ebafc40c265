"""What was usual: the median, the spread and the most of a group's earlier windows, or of what others do.

The history of a window ends one `wait` before the window begins: that much is settled by the watermark when the
window's first row comes, so that what a window is compared with never changes while it runs.

Slots are steps since 1970, and a window is named by the slot it ends with. With `window` 3, `gap` 2 and `history` 12
the window that ends with slot 20 (`[===]`) is held against those that end with slots 9 to 15:

    slot     8   9  10  11  12  13  14  15  16  17  18  19  20
    ends     .   |-- may be compared --------|   gap   [=======]
             at > slot - history   at <= slot - window - gap
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from agent.detection.baseline.baseline import Baseline
from agent.detection.baseline.buckets import FEW
from agent.detection.baseline.usual import (
    PastNumbers,
    UsualVolume,
    WindowName,
    WindowSpans,
    own_past_of_few,
    spread_of,
    usual_volume,
)

PEERS = 10
"""So many groups with a past have to be there before anybody is compared with others."""

WINDOWS_AT_ONCE = 5_000
"""Windows compared at a time, so that memory stays flat."""


def sums(buckets: pl.DataFrame, window: int) -> pl.DataFrame:
    """`key` (UInt64), `slot`, `value` (Float64) of the window of `window` slots that ends with each bucket.

    `buckets`: the same columns, one row for each group and slot.
    """
    if window == 1:
        return buckets
    return buckets.sort("key", "slot").rolling("slot", period=f"{window}i", group_by="key").agg(pl.col("value").sum())


def compared(
    baseline: Baseline, windows: Sequence[WindowName], past: pl.DataFrame, peers: Callable[[int], PastNumbers | None]
) -> dict[WindowName, UsualVolume | None]:
    """What to hold each of the windows against; None: nothing can be said of it.

    `past`: `key`, `slot`, `value` of the buckets of their groups; `peers`: what others did, by slot.
    """
    steps = WindowSpans.of(baseline)
    known = own_past_of_few(steps, windows, past) if past.height <= FEW else _own_past(steps, windows, past)
    found: dict[WindowName, UsualVolume | None] = {}
    for name in windows:
        own = known.get(name)
        of_peers = peers(name[1]) if own is None and baseline.newcomers == "peers" else None
        if own:
            found[name] = usual_volume(baseline, own, of_peers=False)
        elif of_peers:
            found[name] = usual_volume(baseline, of_peers, of_peers=True)
        else:
            found[name] = None
    return found


def _own_past(steps: WindowSpans, windows: Sequence[WindowName], past: pl.DataFrame) -> dict[WindowName, PastNumbers]:
    """Of the windows whose groups have a past long enough, what it was. `past`: as in `compared`."""
    earlier = sums(past, steps.window).rename({"slot": "at", "value": "was"})
    names = pl.DataFrame(windows, {"key": pl.UInt64, "slot": pl.Int32}, orient="row")
    parts = (_against_own(steps, part, earlier) for part in names.iter_slices(WINDOWS_AT_ONCE))
    return {
        (key, slot): PastNumbers(*numbers) for part in parts for key, slot, *numbers in part.iter_rows() if numbers[-1]
    }


def _against_own(steps: WindowSpans, windows: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """`windows` (`key`, `slot`) of groups known for the minimum with `expected`, `spread`, `highest`, `samples` of their past.

    `earlier`: `key`, `at` (the slot a window ended with), `was` (its value).
    """
    slot, at = pl.col("slot"), pl.col("at")
    # The window begins with slot - window + 1. Before that `gap` slots may be open still when its first row comes, so
    # the last window of the history ends with the slot before these. The first one ends within `history` slots.
    met = (
        windows.select("key", "slot")
        .join(earlier, on="key")
        .filter((at <= slot - steps.window - steps.gap) & (at > slot - steps.history))
    )
    # With a season only windows a whole number of seasons before count: the same hour of other days. How long a group
    # is known is asked of all of its windows (`since`).
    same = ((slot - at) % steps.season == 0) if steps.season else pl.lit(value=True)
    values = (
        met.group_by("key", "slot")
        .agg(at.min().alias("since"), pl.col("was").filter(same).alias("values"))
        .filter(pl.col("since") <= slot - steps.window + 1 - steps.minimum)
    )
    if steps.season:
        values = values.with_columns(pl.col("values").list.concat(_missing_zeros(steps)))
    spread = (pl.element() - pl.element().median()).abs().median()
    return values.select(
        "key",
        "slot",
        pl.col("values").list.median().alias("expected"),
        spread_of(pl.col("values").list.eval(spread).list.first(), pl.col("values").list.median()).alias("spread"),
        pl.col("values").list.max().alias("highest"),
        pl.col("values").list.len().cast(pl.Int64).alias("samples"),
    )


def _missing_zeros(steps: WindowSpans) -> pl.Expr:
    """A zero for each hour of this name in which nothing was done, since something was done at all.

    Buckets exist only where something was done. The hours of this name are `first`, the first one from `since` on, and
    each season after it up to `last`, the end of the history; those without a value were zero.
    """
    last = pl.col("slot") - steps.window - steps.gap
    first = pl.col("since") + (pl.col("slot") - pl.col("since")) % steps.season
    hours = (pl.when(first <= last).then((last - first) // steps.season + 1).otherwise(0)).cast(pl.Int64)
    missing = (hours - pl.col("values").list.len().cast(pl.Int64)).clip(lower_bound=0)
    return pl.lit(0.0).repeat_by(missing)


def peers_reach(steps: WindowSpans, slot: int) -> pl.Expr:
    """Whether a bucket is part of what peers did before `slot`."""
    # Buckets a window's length beyond the history, so that its first window is whole; see `_against_own` for the rest.
    return pl.col("slot").is_between(slot - steps.history - steps.window, slot - steps.window - steps.gap)


def peer_statistics(baseline: Baseline, slot: int, past: pl.DataFrame) -> PastNumbers | None:
    """What groups with a past did before `slot`; None if there are too few.

    `past`: `key`, `slot`, `value` of the buckets of all groups, one row for each group and slot. The season of a baseline is not looked at.
    """
    steps = WindowSpans.of(baseline)
    each = (
        sums(past.filter(peers_reach(steps, slot)), steps.window)
        .filter(pl.col("slot") > slot - steps.history)
        .group_by("key")
        .agg(pl.col("slot").min().alias("since"), pl.col("value").median())
        .filter(pl.col("since") <= slot - steps.window + 1 - steps.minimum)
    )
    if each.height < PEERS:
        return None
    value = pl.col("value")
    usual = each.select(
        value.median().alias("expected"),
        spread_of((value - value.median()).abs().median(), value.median()).alias("spread"),
        value.max().alias("highest"),
    )
    expected, spread, highest = usual.row(0)
    return PastNumbers(expected, spread, highest, each.height)
