"""What new rows add to the alerts of a correlation, told row by row: for few rows what `growth.by_rows` tells in columns.

Columns cost 10 ms and more whatever is in them, for a plan has some sixty steps; a row costs 3 to 5 µs here. Both are
held equal by tests. A window is known by its end (`until`); of a term, or of a condition that has none, the one that ends
later never begins earlier.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

import polars as pl

from agent.detection.correlation import windows
from agent.detection.correlation.correlation import Correlation

FEW = 2_000
"""Rows up to which this way is the shorter one."""


class FewRow(NamedTuple):
    """A row as it is looked at here; `place` is where it is in its frame."""

    time: int
    step: int
    id: bytes
    value: Any
    place: int


@dataclass(slots=True)
class RowGrowth:
    """Places of rows instead of rows; see `growth.Growth`."""

    anchors: list[tuple[int, float]]
    """Place and what is measured there; the window is over at the time of the row."""
    clusters: list[tuple[list[int], float | None]]
    """Places of the new rows by time and id, each id once; and what is measured in the cluster."""
    remeasured: list[tuple[int, float]]
    """Place of a row that took part before, and what is measured there now."""


Held = dict[int, tuple[int, float]]
"""Windows of one term: `until` to `since` (milliseconds) and what is measured."""


def can_tell(correlation: Correlation) -> bool:
    """Whether this way is there for a condition that more rows can only make hold: for all but orders that need not be
    met whole, which have windows of many lengths.
    """
    whole = len(correlation.bases)
    return bool(correlation.terms) or correlation.kind != "temporal_ordered" or not _holds(correlation, whole - 1)


def grown(correlation: Correlation, rows: pl.DataFrame, old: int) -> RowGrowth:
    """`rows`: kept ones two timespans around the new ones, then the new ones of the same groups; `old`: how many are
    kept ones.
    """
    found = RowGrowth([], [], [])
    values = rows["value"] if "value" in rows.columns else rows["step"]
    by_group: dict[int, list[FewRow]] = {}
    cells = zip(*(column.to_list() for column in (rows["group"], rows["time"], rows["step"], rows["id"], values)), strict=True)  # fmt: skip
    for place, (group, time, step, identity, value) in enumerate(cells):
        by_group.setdefault(group, []).append(FewRow(time, step, identity, value, place))
    for of_group in by_group.values():
        of_group.sort(key=_by_time)
        _grow(correlation, of_group, old, found)
    return found


def _by_time(row: FewRow) -> tuple[int, bytes]:
    return row.time, row.id or b""


def _grow(correlation: Correlation, rows: Sequence[FewRow], old: int, found: RowGrowth) -> None:
    """One group's rows, by time and id."""
    first = min((row.time for row in rows if row.place >= old), default=None)
    if first is None:
        return
    # A new row changes no window that ends before it. Whether a row of one that it changes was a member before depends
    # on windows that end a timespan before it, or later.
    reach = first - correlation.milliseconds
    now = _held(correlation, rows, reach)
    if not any(until >= first for held in now for until in held):
        return
    was = [{until: window for until, window in held.items() if until < first} for held in now]
    kept = [row for row in rows if row.place < old]
    if kept and kept[-1].time >= first:
        for held, without in zip(was, _held(correlation, kept, first), strict=True):
            held.update(without)
    near = [row for row in rows if row.time >= reach]
    before = [row for row in near if row.place < old]
    told, measured = _members(correlation, before, was), _members(correlation, near, now)
    _compare(
        correlation,
        {(row.id, row.step): told[row.place] for row in before if row.place in told},
        [(row, measured[row.place]) for row in near if row.place in measured],
        found,
    )


def compared(correlation: Correlation, was: pl.DataFrame, now: pl.DataFrame) -> RowGrowth:
    """The difference between members before and after, with the places of `now`; both: rows with `measured`."""
    found = RowGrowth([], [], [])
    told: dict[int, dict[tuple[bytes, int], float | None]] = {}
    for group, identity, step, measured in was.select("group", "id", "step", "measured").iter_rows():
        told.setdefault(group, {})[identity, step] = measured
    members: dict[int, list[tuple[FewRow, float | None]]] = {}
    cells = now.select("group", "time", "step", "id", "measured").iter_rows()
    for place, (group, time, step, identity, measured) in enumerate(cells):
        members.setdefault(group, []).append((FewRow(time, step, identity, None, place), measured))
    for group, of_group in members.items():
        of_group.sort(key=lambda member: _by_time(member[0]))
        _compare(correlation, told.get(group, {}), of_group, found)
    return found


def _compare(
    correlation: Correlation,
    told: Mapping[tuple[bytes, int], float | None],
    members: Sequence[tuple[FewRow, float | None]],
    found: RowGrowth,
) -> None:
    """What is new of one group. `told`: id and step of the members before; `members`: those now, by time and id; both
    with what is measured where an anchor lies.
    """
    # What is handed on is a row of a base (id and step); what alerts count is an event (id), whichever base it is of.
    counted = {identity for identity, _ in told}
    for row, measured in members:
        if measured is None:
            continue
        before = told.get((row.id, row.step))
        if before is None:
            found.anchors.append((row.place, measured))
        if row.id in counted and before != measured:
            found.remeasured.append((row.place, measured))
    best = min if windows.least(correlation) else max
    for cluster in _clusters(members, int(correlation.quiet.total_seconds() * 1000)):
        added: list[int] = []
        for row, _ in cluster:
            if row.id not in counted:
                counted.add(row.id)
                added.append(row.place)
        if added:
            found.clusters.append(
                (added, best((measured for _, measured in cluster if measured is not None), default=None))
            )


def _clusters(
    members: Iterable[tuple[FewRow, float | None]], quiet: int
) -> Iterator[list[tuple[FewRow, float | None]]]:
    """Members of a group, by time, no further apart than `quiet` (milliseconds)."""
    cluster: list[tuple[FewRow, float | None]] = []
    for row, measured in members:
        if cluster and row.time - cluster[-1][0].time > quiet:
            yield cluster
            cluster = []
        cluster.append((row, measured))
    if cluster:
        yield cluster


def _members(correlation: Correlation, rows: Sequence[FewRow], held: Sequence[Held]) -> dict[int, float | None]:
    """Places of the rows within windows, with what is measured where a window ends; of several the greatest."""
    found: dict[int, float | None] = {}
    for term, of_term in enumerate(held):
        allowed, ends = set(windows.allowed(correlation, term)), sorted(of_term)
        place = 0
        for row in rows:
            # The first window that ends at the row or after it begins before all that end later.
            while place < len(ends) and ends[place] < row.time:
                place += 1
            if place == len(ends):
                break
            if row.step in allowed and of_term[ends[place]][0] <= row.time:
                measured = of_term[row.time][1] if row.time == ends[place] else None
                known = found.get(row.place)
                found[row.place] = measured if known is None else known if measured is None else max(known, measured)
    return found


def _held(correlation: Correlation, rows: Sequence[FewRow], since: int) -> list[Held]:
    """The windows of each term that hold and end at `since` (milliseconds) or later."""
    found: list[Held] = []
    for term in range(max(len(correlation.terms), 1)):
        steps = windows.allowed(correlation, term)
        if correlation.kind == "temporal_ordered":
            order = steps if correlation.terms else [correlation.steps.index(base) for base in correlation.bases]
            ended = _in_order(rows, order, correlation.milliseconds)
        else:
            ended = _measured(correlation, [row for row in rows if row.step in steps])
        found.append(
            {
                until: (begin, measured)
                for until, begin, measured in ended
                if until >= since and (measured >= len(steps) if correlation.terms else _holds(correlation, measured))
            }
        )
    return found


def _holds(correlation: Correlation, measured: float) -> bool:
    return all(
        measured > bound.number if bound.operator == "gt" else measured >= bound.number for bound in correlation.bounds
    )


def _measured(correlation: Correlation, rows: Sequence[FewRow]) -> Iterator[tuple[int, int, float]]:
    """End, beginning and measure of the window that ends at each time of a row. `rows`: by time."""
    inside: Counter[Any] = Counter()
    total, left, span = 0.0, 0, correlation.milliseconds
    for time, together in groupby(rows, key=lambda row: row.time):
        for row in together:
            key = _key(correlation, row)
            inside[key] += 1
            if correlation.kind == "value_sum" and inside[key] == 1:
                total += row.value
        # Both ends belong to a window: a row leaves it when it is more than a timespan old.
        while rows[left].time < time - span:
            key = _key(correlation, rows[left])
            inside[key] -= 1
            if not inside[key]:
                del inside[key]
                total -= rows[left].value if correlation.kind == "value_sum" else 0
            left += 1
        yield time, time - span, _rounded(total) if correlation.kind == "value_sum" else float(len(inside))


def _rounded(total: float) -> float:
    """As `windows` rounds: six digits, a half to the even one; as it is where that many digits exceed a Float64."""
    digits = total * 1e6
    return round(digits) / 1e6 if math.isfinite(digits) else total


def _key(correlation: Correlation, row: FewRow) -> object:
    """What counts once in a window: an event, a value, a step; of sums an event with one value."""
    match correlation.kind:
        case "event_count":
            return row.id
        case "value_sum":
            return row.id, row.value
        case "value_count":
            return row.value
        case _:
            return row.step


def _in_order(rows: Sequence[FewRow], order: Sequence[int], span: int) -> Iterator[tuple[int, int, float]]:
    """End, beginning and measure of the windows that meet all steps of an order, each strictly later than the one before.

    A window goes back to the first beginning of an order within a timespan of its end. `rows`: by time.
    """
    begins = [row.time for row in rows if row.step == order[0]]
    first = 0
    # reached: for each place of the order the latest beginning of those that met all places up to it; none yet: -1.
    reached: list[int | None] = [None] * len(order)
    for time, together in groupby(rows, key=lambda row: row.time):
        steps, before = {row.step for row in together}, [time, *reached]
        for place, step in enumerate(order):
            begin = before[place]
            if step not in steps or begin is None:
                continue
            reached[place] = begin if (best := reached[place]) is None else max(best, begin)
            if place == len(order) - 1 and time - begin <= span:
                while begins[first] < time - span:
                    first += 1
                yield time, begins[first] if place else time, float(len(order))
