"""What a volume is held against, in numbers: of a group's own past or of its peers.

`history.py` reckons them for many windows; for few it is done here, in Python, for a call for one window costs Polars
two milliseconds. Both give the same to the last digit.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from agent.detection.baseline.baseline import SEASONS, Baseline

WindowName = tuple[int, int]
"""Key of the group, and the slot that the window ends with."""

MAD_TO_SIGMA = 1.4826
"""The median absolute deviation of a normal distribution, as its standard deviation (Rousseeuw and Croux 1993)."""

LEAST_SPREAD = 0.1
"""The spread is taken as a tenth of the median at least, and 1: somebody who always does the same may vary a little."""


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


class PastNumbers(NamedTuple):
    """Of earlier windows, or of peers: the median, the spread and the most of them, and how many they are."""

    expected: float
    spread: float
    highest: float
    samples: int


class UsualVolume(NamedTuple):
    """As `PastNumbers`."""

    expected: float
    spread: float
    highest: float
    samples: int
    threshold: float
    """The least value that satisfies all that is asked."""
    of_peers: bool
    """Whether this is of peers."""


def usual_volume(baseline: Baseline, past: PastNumbers, *, of_peers: bool) -> UsualVolume:
    asked = baseline.bounds
    bounds = [asked["gte"], asked["ratio"] * past.expected, asked["highest"] * past.highest]
    if asked["deviation"]:
        bounds.append(past.expected + asked["deviation"] * past.spread)
    return UsualVolume(*past, max(bounds), of_peers)


def spread_of(mad: pl.Expr, median: pl.Expr) -> pl.Expr:
    """A standard deviation from the median absolute deviation, that outliers do not move, and its lower limits."""
    return pl.max_horizontal(MAD_TO_SIGMA * mad, LEAST_SPREAD * median, pl.lit(1.0))


def own_past_of_few(
    steps: WindowSpans, windows: Sequence[WindowName], past: pl.DataFrame
) -> dict[WindowName, PastNumbers]:
    """Of the windows whose groups have a past long enough, what it was.

    `past`: `key`, `slot`, `value` of the buckets of their groups, one row for each group and slot.
    """
    groups: dict[int, list[tuple[int, float]]] = {}
    for key, slot, value in zip(*(past[name].to_list() for name in ("key", "slot", "value")), strict=True):
        groups.setdefault(key, []).append((slot, value))
    earlier = {key: _sums(sorted(buckets), steps.window) for key, buckets in groups.items()}
    found = ((name, _own_past(steps, name[1], *earlier[name[0]])) for name in windows if name[0] in earlier)
    return {name: own for name, own in found if own}


def _sums(buckets: list[tuple[int, float]], window: int) -> tuple[list[int], list[float]]:
    """The slots that windows of `window` slots end with, and their values. `buckets`: slot and value, by slot."""
    slots, values = [slot for slot, _ in buckets], [value for _, value in buckets]
    if window == 1:
        return slots, values
    begins = (bisect_left(slots, slot - window + 1) for slot in slots)
    return slots, [sum(values[begin : end + 1]) for end, begin in enumerate(begins)]


def _own_past(steps: WindowSpans, slot: int, ends: list[int], sums: list[float]) -> PastNumbers | None:
    """What the window that ends with `slot` is held against. `ends`, `sums`: slot and value of the windows of its group."""
    last = slot - steps.window - steps.gap
    inside = slice(bisect_right(ends, slot - steps.history), bisect_right(ends, last))
    met, values = ends[inside], sums[inside]
    if not met or met[0] > slot - steps.window + 1 - steps.minimum:
        return None
    if steps.season:
        values = [value for end, value in zip(met, values, strict=True) if (slot - end) % steps.season == 0]
        first = met[0] + (slot - met[0]) % steps.season
        hours = (last - first) // steps.season + 1 if first <= last else 0
        values += [0.0] * (hours - len(values))
    if not values:
        return None
    expected = _median(values)
    mad = _median([abs(value - expected) for value in values])
    return PastNumbers(expected, max(MAD_TO_SIGMA * mad, LEAST_SPREAD * expected, 1.0), max(values), len(values))


def _median(values: list[float]) -> float:
    ordered, middle = sorted(values), len(values) // 2
    if len(values) % 2:
        return ordered[middle]
    low, high = ordered[middle - 1 : middle + 1]
    return low + (high - low) * 0.5  # as Polars has it: half of the sum may differ in the last digit
