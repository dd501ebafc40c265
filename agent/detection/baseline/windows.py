"""Windows of volume that a batch made larger, and that are large enough to be held against anything.

A window is named by the slot it ends with. Few groups of a batch did as much as a rule asks for at least: `SumCeilings`
tells of the others that nobody needs to look at their buckets.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from agent.detection.baseline.buckets import FEW, one_per_slot
from agent.detection.baseline.working_frames import WorkingFrames
from agent.detection.memory.sum_ceilings import SumCeilings

SCHEMA = pl.Schema({"key": pl.UInt64, "slot": pl.Int32, "value": pl.Float64, "count": pl.Int64})
"""Windows; `value` and `count` are those of all of its buckets."""


@dataclass(frozen=True, slots=True)
class WindowLimits:
    """Which windows are looked at."""

    length: int
    """In slots."""
    least: float
    """What a window is at least."""
    settled: int
    """The last slot that no row comes to any more: windows that end with it or before had their last word."""


def grown_windows(frames: WorkingFrames, fresh: pl.DataFrame, limits: WindowLimits) -> pl.DataFrame:
    """The windows (`SCHEMA`) with a bucket of `fresh` (as the frame `open`, which has them too) within the limits."""
    keys = _reaching(
        frames, fresh, limits.least * (1 - 1e-9)
    )  # what is added up in another order differs behind the comma
    if not keys:
        return SCHEMA.to_frame()
    near = frames["open"].filter(pl.col("key").is_in(pl.Series(keys, dtype=pl.UInt64).implode()))
    return _of_few(near, fresh, limits) if near.height <= FEW else _of_many(near, fresh, limits)


def _reaching(frames: WorkingFrames, fresh: pl.DataFrame, least: float) -> list[int]:
    """Keys of the groups of `fresh` that may have done at least so much in their open buckets, those included."""
    keys, ceilings = fresh["key"].to_list(), frames.ceilings.get("open")
    if ceilings is None:
        ceilings = frames.ceilings["open"] = SumCeilings(frames["open"])
    else:
        ceilings.add(keys, fresh["value"].to_list())
    return ceilings.reaching(set(keys), least)


def lower_ceilings(frames: WorkingFrames) -> None:
    """After buckets left the frame `open`: ceilings of twice what is there tell too little, and are made anew."""
    ceilings = frames.ceilings.get("open")
    if ceilings and ceilings.total > 2 * frames["open"]["value"].sum():
        del frames.ceilings["open"]


def _of_many(near: pl.DataFrame, fresh: pl.DataFrame, limits: WindowLimits) -> pl.DataFrame:
    """`grown_windows`. `near`: the open buckets of some groups, a group and slot in several rows."""
    windows = one_per_slot(near).select(SCHEMA.names())
    if limits.length > 1:
        sums = pl.col("value", "count").sum()
        windows = windows.sort("key", "slot").rolling("slot", period=f"{limits.length}i", group_by="key").agg(sums)
    value = pl.col("value")
    large = windows.filter((value >= limits.least) & (value > 0) & (pl.col("slot") > limits.settled))
    # The bucket `at` lies in the windows that end with it or up to `length` - 1 slots later.
    pairs = large.select("key", "slot").join(fresh.select("key", pl.col("slot").alias("at")), on="key")
    grown = pairs.filter((pl.col("slot") - pl.col("at")).is_between(0, limits.length - 1))
    return large.join(grown, on=["key", "slot"], how="semi").select(SCHEMA.names())


def _of_few(near: pl.DataFrame, fresh: pl.DataFrame, limits: WindowLimits) -> pl.DataFrame:
    """As `_of_many`."""
    groups: dict[int, dict[int, tuple[float, int]]] = {}
    for key, slot, value, count in zip(*(near[name].to_list() for name in SCHEMA), strict=True):
        buckets = groups.setdefault(key, {})
        before = buckets.get(slot, (0.0, 0))
        buckets[slot] = before[0] + value, before[1] + count
    new: dict[int, list[int]] = {}
    for key, slot in zip(fresh["key"].to_list(), fresh["slot"].to_list(), strict=True):
        if key in groups:
            new.setdefault(key, []).append(slot)
    windows = [(key, *window) for key, buckets in groups.items() for window in _windows(buckets, new[key], limits)]
    columns = zip(SCHEMA.items(), zip(*windows, strict=True), strict=True) if windows else ()
    return pl.DataFrame([pl.Series(name, column, dtype=dtype) for (name, dtype), column in columns], SCHEMA)


def _windows(
    buckets: Mapping[int, tuple[float, int]], new: list[int], limits: WindowLimits
) -> Iterator[tuple[int, float, int]]:
    """Slot, value and count of one group's windows. `buckets`: slot to value and count; `new`: slots with something new."""
    slots = sorted(buckets)
    values, counts = [buckets[slot][0] for slot in slots], [buckets[slot][1] for slot in slots]
    # The bucket `at` lies in the windows that end with it or up to `length` - 1 slots later.
    ends = {place for at in new for place in range(bisect_left(slots, at), bisect_left(slots, at + limits.length))}
    for end in ends:
        inside = slice(bisect_left(slots, slots[end] - limits.length + 1), end + 1)
        value = sum(values[inside])
        if value >= limits.least and value > 0 and slots[end] > limits.settled:
            yield slots[end], value, sum(counts[inside])
