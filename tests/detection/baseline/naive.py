"""Baselines the obvious way: everything is there, every question is asked of all of it. Times are minutes."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

HOUR = 60

Finding = tuple[object, ...]
"""What is said of one alert."""
Buckets = Mapping[int, list[int]]
"""Slot to the values of its rows."""
Usual = tuple[float, float, float]
"""Median, median absolute deviation, maximum."""


class Event(NamedTuple):
    """What happened; `place` is one of `PLACES`."""

    group: str
    minute: int
    value: int
    place: int


PLACES = [(52.5, 13.4), (48.9, 2.4), (40.7, -74.0), (35.7, 139.7)]
"""Berlin, Paris, New York, Tokyo."""


class RuleNumbers(NamedTuple):
    """The numbers of the rules in `test_order.py`, in minutes and hours."""

    wait: int = 120
    step: int = HOUR
    window: int = 1
    history: int = 12
    minimum: int = 4
    season: int = 0
    peers: bool = False
    once: int = 240


def volume(events: list[Event], asked: RuleNumbers) -> list[Finding]:
    """Group, beginning of the period, value, rows, threshold."""
    groups: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for event in events:
        groups[event.group][event.minute // asked.step].append(event.value)
    gap = math.ceil(asked.wait / asked.step)
    found: dict[tuple[str, int], tuple[float, int, float]] = {}
    for group, buckets in groups.items():
        for slot in sorted(buckets):
            value, rows = total(buckets, slot, asked.window), count(buckets, slot, asked.window)
            past, since = history(buckets, slot, gap, asked)
            if past and since <= slot - asked.window + 1 - asked.minimum:
                middle, deviation, most = float(median(past)), mad(past), float(max(past))
            elif asked.peers and (of_peers := usual_of_peers(groups, slot, gap, asked)):
                middle, deviation, most = of_peers
            else:
                continue
            spread = max(1.4826 * deviation, 0.1 * middle, 1.0)
            threshold = max(3.0, 2 * middle, middle + 1.5 * spread, 1.0 * most)
            if value >= threshold:
                key = group, slot * asked.step // asked.once
                best = found.get(key)
                if best is None or value > best[0]:
                    found[key] = float(value), rows, round(float(threshold), 6)
    return [(*key, *rest) for key, rest in found.items()]


def total(buckets: Buckets, slot: int, window: int) -> int:
    return sum(sum(buckets[at]) for at in range(slot - window + 1, slot + 1) if at in buckets)


def count(buckets: Buckets, slot: int, window: int) -> int:
    return sum(len(buckets[at]) for at in range(slot - window + 1, slot + 1) if at in buckets)


def history(buckets: Buckets, slot: int, gap: int, asked: RuleNumbers) -> tuple[list[int], int]:
    """Values of earlier windows, and when the first of them ended."""
    last = slot - asked.window - gap
    ends = [end for end in sorted(buckets) if slot - asked.history < end <= last]
    if not ends:
        return [], 0
    since = ends[0]
    if asked.season:
        ends = [end for end in range(since, last + 1) if (slot - end) % asked.season == 0]
    return [total(buckets, end, asked.window) for end in ends], since


def mad(values: Sequence[float]) -> float:
    """The median absolute deviation."""
    return median(abs(value - median(values)) for value in values)


def usual_of_peers(groups: Mapping[str, Buckets], slot: int, gap: int, asked: RuleNumbers) -> Usual | None:
    each = []
    for buckets in groups.values():
        past, since = history(buckets, slot, gap, asked._replace(season=0))
        if past and since <= slot - asked.window + 1 - asked.minimum:
            each.append(median(past))
    return (median(each), mad(each), max(each)) if len(each) >= 2 else None


def first_seen(events: list[Event], asked: RuleNumbers) -> list[Finding]:
    """Group, value, rows that are new."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for event in events:
        of_group = [other for other in events if other.group == event.group]
        learned = any(other.minute <= event.minute - asked.wait - asked.minimum * HOUR for other in of_group)
        known = any(other.value == event.value and other.minute <= event.minute - asked.wait for other in of_group)
        if learned and not known:
            found[event.group, str(event.value)] += 1
    return [(*key, rows) for key, rows in found.items()]


def idle(events: list[Event], asked: RuleNumbers) -> list[Finding]:
    """Group, hours slept, rows."""
    least, gap = 10, math.ceil(asked.wait / HOUR) + 1
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for event in events:
        hour = event.minute // HOUR
        before = [other.minute // HOUR for other in events if other.group == event.group]
        before = [other for other in before if other <= hour - gap]
        if before and hour - max(before) >= least:
            found[event.group, max(before)].append(hour)
    return [(group, min(hours) - slept, len(hours)) for (group, slept), hours in found.items()]


def silence(events: list[Event], asked: RuleNumbers, until: int) -> list[Finding]:
    """Group, minute of the last row before, hours allowed, hours it lasted or None."""
    found: list[Finding] = []
    for group in {event.group for event in events}:
        times = sorted(event.minute for event in events if event.group == group)
        begin, pauses = times[0], list[tuple[int, int]]()
        for last, end in zip(times, [*times[1:], None], strict=True):
            longest = max([gap for at, gap in pauses if at > last - asked.history * HOUR], default=0)
            allowed = max(4 * HOUR, 1.5 * longest)
            over = end if end is not None and end - last <= asked.history * HOUR else None
            known = last - begin >= asked.minimum * HOUR and allowed <= asked.history * HOUR
            if known and (until if end is None else end) > last + allowed:
                lasted = None if over is None else round((over - last) / HOUR, 6)
                found.append((group, last, round(allowed / HOUR, 6), lasted))
            if over is not None:
                pauses.append((over, over - last))
            elif end is not None:  # forgotten meanwhile: somebody new
                begin = end
    return found


def travel(events: list[Event], asked: RuleNumbers) -> list[Finding]:
    """Group, period, speed, journeys."""
    found: dict[tuple[str, int], list[float]] = defaultdict(list)
    visits = {(event.group, event.place, event.minute // 10) for event in events}
    for group, place, slot in visits:
        for other, origin, before in visits:
            if other != group or origin == place or slot < before or (slot == before and place < origin):
                continue
            distance = kilometres(PLACES[place], PLACES[origin])
            speed = distance / (max(slot - before, 1) / 6)
            if slot - before <= 24 * 6 and distance >= 500 and speed >= 900:
                found[group, slot * 10 // asked.once].append(speed)
    return [(*key, nearly(max(speeds)), len(speeds)) for key, speeds in found.items()]


def nearly(speed: float) -> int:
    """Two formulas for a distance differ behind the comma."""
    return round(speed / 902)


def kilometres(here: tuple[float, float], there: tuple[float, float]) -> float:
    """On the great circle, by the dot product of the two directions."""
    a, b = (
        (math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat))
        for lat, lon in (tuple(map(math.radians, here)), tuple(map(math.radians, there)))
    )
    return 6371.0088 * math.acos(sum(x * y for x, y in zip(a, b, strict=True)))
