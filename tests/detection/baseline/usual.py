"""Baselines the obvious way: everything is there, every question is asked of all of it. Times are minutes."""

from __future__ import annotations

import math
from collections import defaultdict
from statistics import median
from typing import NamedTuple

HOUR = 60


class Event(NamedTuple):
    """What happened; `place` is one of `PLACES`."""

    group: str
    minute: int
    value: int
    place: int


PLACES = [(52.5, 13.4), (48.9, 2.4), (40.7, -74.0), (35.7, 139.7)]
"""Berlin, Paris, New York, Tokyo."""


class Asked(NamedTuple):
    """The numbers of the rules in `test_baseline_order`, in minutes and hours."""

    wait: int = 120
    step: int = HOUR
    window: int = 1
    history: int = 12
    minimum: int = 4
    season: int = 0
    peers: bool = False
    once: int = 240


def volume(events: list[Event], asked: Asked) -> list[tuple]:
    """Group, beginning of the alarm's period, value, rows, threshold."""
    groups: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for one in events:
        groups[one.group][one.minute // asked.step].append(one.value)
    gap = math.ceil(asked.wait / asked.step)
    found: dict[tuple, tuple] = {}
    for group, buckets in groups.items():
        for slot in sorted(buckets):
            value, rows = total(buckets, slot, asked.window), count(buckets, slot, asked.window)
            past, since = history(buckets, slot, gap, asked)
            if past and since <= slot - asked.window + 1 - asked.minimum:
                middle, spread, most = median(past), mad(past), max(past)
            elif asked.peers and (others := usual_of_others(groups, slot, gap, asked)):
                middle, spread, most = others
            else:
                continue
            spread = max(1.4826 * spread, 0.1 * middle, 1.0)
            threshold = max(3.0, 2 * middle, middle + 1.5 * spread, 1.0 * most)
            if value >= threshold:
                key = group, slot * asked.step // asked.once
                best = found.get(key)
                if best is None or value > best[0]:
                    found[key] = float(value), rows, round(float(threshold), 6)
    return [(*key, *rest) for key, rest in found.items()]


def total(buckets, slot, window):
    return sum(sum(buckets[one]) for one in range(slot - window + 1, slot + 1) if one in buckets)


def count(buckets, slot, window):
    return sum(len(buckets[one]) for one in range(slot - window + 1, slot + 1) if one in buckets)


def history(buckets, slot, gap, asked):
    """Values of earlier windows, and when the first of them ended."""
    last = slot - asked.window - gap
    ends = [one for one in sorted(buckets) if slot - asked.history < one <= last]
    if not ends:
        return [], 0
    since = ends[0]
    if asked.season:
        ends = [one for one in range(since, last + 1) if (slot - one) % asked.season == 0]
    return [total(buckets, one, asked.window) for one in ends], since


def mad(values):
    return median(abs(one - median(values)) for one in values)


def usual_of_others(groups, slot, gap, asked):
    each = []
    for buckets in groups.values():
        past, since = history(buckets, slot, gap, asked._replace(season=0))
        if past and since <= slot - asked.window + 1 - asked.minimum:
            each.append(median(past))
    return (median(each), mad(each), max(each)) if len(each) >= 2 else None


def first_seen(events: list[Event], asked: Asked) -> list[tuple]:
    """Group, value, rows that are new."""
    found: dict[tuple, int] = defaultdict(int)
    for one in events:
        mine = [other for other in events if other.group == one.group]
        learned = any(other.minute <= one.minute - asked.wait - asked.minimum * HOUR for other in mine)
        known = any(other.value == one.value and other.minute <= one.minute - asked.wait for other in mine)
        if learned and not known:
            found[one.group, str(one.value)] += 1
    return [(*key, rows) for key, rows in found.items()]


def idle(events: list[Event], asked: Asked) -> list[tuple]:
    """Group, hours slept, rows."""
    least, gap = 10, math.ceil(asked.wait / HOUR) + 1
    found: dict[tuple, list[int]] = defaultdict(list)
    for one in events:
        hour = one.minute // HOUR
        before = [other.minute // HOUR for other in events if other.group == one.group]
        before = [other for other in before if other <= hour - gap]
        if before and hour - max(before) >= least:
            found[one.group, max(before)].append(hour)
    return [(group, min(hours) - slept, len(hours)) for (group, slept), hours in found.items()]


def silence(events: list[Event], asked: Asked, until: int) -> list[tuple]:
    """Group, minute of the last row before, hours allowed, hours it lasted or None."""
    found = []
    for group in {one.group for one in events}:
        times = sorted(one.minute for one in events if one.group == group)
        begin, pauses = times[0], []
        for last, end in zip(times, [*times[1:], None], strict=True):
            longest = max([gap for at, gap in pauses if at > last - asked.history * HOUR], default=0)
            allowed = max(4 * HOUR, 1.5 * longest)
            forgotten = end is None or end - last > asked.history * HOUR
            known = last - begin >= asked.minimum * HOUR and allowed <= asked.history * HOUR
            if known and (until if end is None else end) > last + allowed:
                lasted = None if forgotten else round((end - last) / HOUR, 6)
                found.append((group, last, round(allowed / HOUR, 6), lasted))
            if forgotten:
                begin = end
            else:
                pauses.append((end, end - last))
    return found


def travel(events: list[Event], asked: Asked) -> list[tuple]:
    """Group, period, speed, journeys."""
    found: dict[tuple, list[float]] = defaultdict(list)
    visits = {(one.group, one.place, one.minute // 10) for one in events}
    for group, place, slot in visits:
        for other, origin, before in visits:
            if other != group or origin == place or slot < before or (slot == before and place < origin):
                continue
            distance = kilometres(PLACES[place], PLACES[origin])
            speed = distance / (max(slot - before, 1) / 6)
            if slot - before <= 24 * 6 and distance >= 500 and speed >= 900:
                found[group, slot * 10 // asked.once].append(speed)
    return [(*key, nearly(max(speeds)), len(speeds)) for key, speeds in found.items()]


def nearly(speed):
    """Two formulas for a distance differ behind the comma."""
    return round(speed / 902)


def kilometres(one, other):
    """On the great circle, by the dot product of the two directions."""
    a, b = (
        (math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat))
        for lat, lon in (tuple(map(math.radians, one)), tuple(map(math.radians, other)))
    )
    return 6371.0088 * math.acos(sum(x * y for x, y in zip(a, b, strict=True)))
