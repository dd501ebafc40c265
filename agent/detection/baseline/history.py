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

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from agent.detection.baseline.baseline import SEASONS, Baseline

PEERS = 10
"""So many groups with a past have to be there before anybody is compared with others."""

MAD_TO_SIGMA = 1.4826
"""The median absolute deviation of a normal distribution, as its standard deviation (Rousseeuw and Croux 1993)."""

LEAST_SPREAD = 0.1
"""The spread is taken as a tenth of the median at least, and 1: somebody who always does the same may vary a little."""

WINDOWS_AT_ONCE = 5_000
"""Windows compared at a time, so that memory stays flat."""


@dataclass(frozen=True, slots=True)
class WindowSpans:
    """A volume baseline's spans, in steps, rounded up where a part of a step would leave something open."""

    window: int
    gap: int
    """Between a history's last window and the window itself: the wait."""
    history: int
    minimum: int
    season: int
    """0: none."""

    @classmethod
    def of(cls, baseline: Baseline) -> WindowSpans:
        step = baseline.step
        season = SEASONS[baseline.season] // step if baseline.season else 0
        return cls(baseline.span // step, -(-baseline.wait // step), baseline.history // step,
                   -(-baseline.minimum // step), season)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PeerStatistics:
    """Of peers: the median of what each of them usually does, its spread, the most of it, and how many they are."""

    expected: float
    spread: float
    highest: float
    groups: int


def sums(buckets: pl.DataFrame, window: int) -> pl.DataFrame:
    """`key` (UInt64), `slot`, `value` (Float64) of the window of `window` slots that ends with each bucket.

    `buckets`: the same columns, one row for each group and slot.
    """
    if window == 1:
        return buckets
    return buckets.sort("key", "slot").rolling("slot", period=f"{window}i", group_by="key").agg(pl.col("value").sum())


def compared(
    baseline: Baseline, windows: pl.DataFrame, past: pl.DataFrame, peers: Callable[[int], PeerStatistics | None]
) -> pl.DataFrame:
    """`windows` (`key`, `slot`, `value`, …) with `expected`, `spread`, `highest`, `threshold` (Float64), `samples`
    (Int64: windows, or peers) and `others` (Boolean: whether compared with peers), those that nothing can be said of
    left out. `past`: `key`, `slot`, `value` of the buckets of their groups; `peers`: what others did, by slot.
    """
    steps = WindowSpans.of(baseline)
    earlier = sums(past, steps.window).rename({"slot": "at", "value": "was"})
    parts = [_against_own(steps, part, earlier) for part in windows.iter_slices(WINDOWS_AT_ONCE)]
    own = pl.concat(parts) if parts else windows.clear()
    known = own.filter(pl.col("samples") > 0).with_columns(others=pl.lit(value=False))
    if baseline.newcomers == "peers":
        new = windows.join(known, on=["key", "slot"], how="anti")
        known = pl.concat([known, *_against_peers(new, known.schema, peers)], how="vertical_relaxed")
    return known.with_columns(_threshold(baseline).alias("threshold"))


def _against_own(steps: WindowSpans, windows: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """`windows` of groups known for the minimum with `expected`, `spread`, `highest`, `samples` of their own past.

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
    usual = values.select(
        "key",
        "slot",
        pl.col("values").list.median().alias("expected"),
        _spread(pl.col("values").list.eval(spread).list.first(), pl.col("values").list.median()).alias("spread"),
        pl.col("values").list.max().alias("highest"),
        pl.col("values").list.len().cast(pl.Int64).alias("samples"),
    )
    return windows.join(usual, on=["key", "slot"])


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


def _spread(mad: pl.Expr, median: pl.Expr) -> pl.Expr:
    """A standard deviation from the median absolute deviation, that outliers do not move, and its lower limits."""
    return pl.max_horizontal(MAD_TO_SIGMA * mad, LEAST_SPREAD * median, pl.lit(1.0))


def _threshold(baseline: Baseline) -> pl.Expr:
    """The least value that satisfies all that is asked."""
    asked = baseline.bounds
    bounds = [pl.lit(asked["gte"]), asked["ratio"] * pl.col("expected"), asked["highest"] * pl.col("highest")]
    if asked["deviation"]:
        bounds.append(pl.col("expected") + asked["deviation"] * pl.col("spread"))
    return pl.max_horizontal(bounds)


def _against_peers(
    new: pl.DataFrame, schema: pl.Schema, peers: Callable[[int], PeerStatistics | None]
) -> Iterator[pl.DataFrame]:
    """The windows `new`, held against their peers, with the columns of `schema`; those without enough peers left out."""
    for (slot,), part in new.group_by("slot"):
        usual = peers(int(slot))
        if usual is not None:
            yield part.with_columns(
                expected=pl.lit(usual.expected),
                spread=pl.lit(usual.spread),
                highest=pl.lit(usual.highest),
                samples=pl.lit(usual.groups, dtype=pl.Int64),
                others=pl.lit(value=True),
            ).select(schema.names())


def peers_reach(steps: WindowSpans, slot: int) -> pl.Expr:
    """Whether a bucket is part of what peers did before `slot`."""
    # Buckets a window's length beyond the history, so that its first window is whole; see `_against_own` for the rest.
    return pl.col("slot").is_between(slot - steps.history - steps.window, slot - steps.window - steps.gap)


def peer_statistics(baseline: Baseline, slot: int, past: pl.DataFrame) -> PeerStatistics | None:
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
        _spread((value - value.median()).abs().median(), value.median()).alias("spread"),
        value.max().alias("highest"),
    )
    expected, spread, highest = usual.row(0)
    return PeerStatistics(expected, spread, highest, each.height)
