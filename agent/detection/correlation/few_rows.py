"""What new rows add to the alerts of a correlation, told row by row: for few rows what `growth.by_columns` tells in columns.

Columns cost 10 ms and more whatever is in them, for a plan has some sixty steps; a row costs 3 to 5 µs here. Both are
held equal by tests. A window is known by its end (`until`); of a term, or of a condition that has none, the one that ends
later never begins earlier.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from agent.detection.correlation import windows
from agent.detection.correlation.definition.correlation import Correlation
from agent.detection.correlation.inside_window import ID, PLACE, STEP, TIME, FewRow, by_time, holds, inside_of, together

FEW = 2_000
"""Rows up to which this way is the shorter one."""


@dataclass(slots=True)
class RowGrowth:
    """With codes in place of texts, and places of rows; see `growth.Growth`."""

    anchors: list[tuple[int, float]] = field(default_factory=list)
    """Place and what is measured there; the window is over at the time of the row."""
    clusters: list[tuple[int, list[FewRow], float | None]] = field(default_factory=list)
    """Group; the new rows by time and id, each id once; and what is measured in the cluster."""
    remeasured: list[tuple[int, int, float]] = field(default_factory=list)
    """Group and time of a row that took part before, and what is measured there now."""


Held = dict[int, tuple[int, float]]
"""Windows of one term: `until` to `since` (milliseconds) and what is measured."""


def can_tell(correlation: Correlation) -> bool:
    """Whether this way is there for a condition that more rows can only make hold: for all but orders that need not be
    met whole, which have windows of many lengths.
    """
    whole = len(correlation.bases)
    return bool(correlation.terms) or correlation.kind != "temporal_ordered" or not holds(correlation, whole - 1)


def grown(correlation: Correlation, rows: pl.DataFrame, old: int) -> RowGrowth:
    """`rows`: kept ones two timespans around the new ones, then the new ones of the same groups; `old`: how many are
    kept ones.
    """
    found = RowGrowth()
    for group, of_group in by_group(rows).items():
        grow(correlation, group, of_group, old, found)
    return found


def listed(rows: pl.DataFrame) -> list[FewRow]:
    """Rows (`memory.schema`) in their order."""
    values = rows["value"] if "value" in rows.columns else rows["step"]
    columns = (
        rows["time"],
        rows["step"],
        rows["id"],
        values,
        pl.int_range(rows.height, eager=True),
        rows["user"],
        rows["address"],
    )
    return list(zip(*(column.to_list() for column in columns), strict=True))


def by_group(rows: pl.DataFrame) -> dict[int, list[FewRow]]:
    """Rows (`memory.schema`) by group, there by time and id."""
    found: dict[int, list[FewRow]] = {}
    for group, row in zip(rows["group"].to_list(), listed(rows), strict=True):
        found.setdefault(group, []).append(row)
    for of_group in found.values():
        of_group.sort(key=by_time)
    return found


def grow(correlation: Correlation, group: int, rows: Sequence[FewRow], old: int, found: RowGrowth) -> None:
    """One group's rows, by time and id; those at a place before `old` are kept ones."""
    first = min((row[TIME] for row in rows if row[PLACE] >= old), default=None)
    if first is None:
        return
    # A new row changes no window that ends before it. Whether a row of one that it changes was a member before depends
    # on windows that end a timespan before it, or later.
    reach = first - correlation.milliseconds
    now = _held(correlation, rows, reach)
    if not any(until >= first for held in now for until in held):
        return
    was = [{until: window for until, window in held.items() if until < first} for held in now]
    kept = [row for row in rows if row[PLACE] < old]
    if kept and kept[-1][TIME] >= first:
        for held, without in zip(was, _held(correlation, kept, first), strict=True):
            held.update(without)
    near = [row for row in rows if row[TIME] >= reach]
    before = [row for row in near if row[PLACE] < old]
    told, measured = _members(correlation, before, was), _members(correlation, near, now)
    _compare(
        correlation,
        group,
        {(row[ID], row[STEP]): told[row[PLACE]] for row in before if row[PLACE] in told},
        [(row, measured[row[PLACE]]) for row in near if row[PLACE] in measured],
        found,
    )


def compared(correlation: Correlation, was: pl.DataFrame, now: pl.DataFrame) -> RowGrowth:
    """The difference between members before and after, with the places of `now`; both: rows with `measured`."""
    found = RowGrowth()
    told: dict[int, dict[tuple[bytes, int], float | None]] = {}
    for group, identity, step, measured in was.select("group", "id", "step", "measured").iter_rows():
        told.setdefault(group, {})[identity, step] = measured
    measures = now["measured"].to_list()
    for group, of_group in by_group(now).items():
        _compare(correlation, group, told.get(group, {}), [(row, measures[row[PLACE]]) for row in of_group], found)
    return found


def _compare(
    correlation: Correlation,
    group: int,
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
        before = told.get((row[ID], row[STEP]))
        if before is None:
            found.anchors.append((row[PLACE], measured))
        if row[ID] in counted and before != measured:
            found.remeasured.append((group, row[TIME], measured))
    best = min if windows.least(correlation) else max
    for cluster in clusters(members, int(correlation.quiet.total_seconds() * 1000)):
        added: list[FewRow] = []
        for row, _ in cluster:
            if row[ID] not in counted:
                counted.add(row[ID])
                added.append(row)
        if added:
            measures = (measured for _, measured in cluster if measured is not None)
            found.clusters.append((group, added, best(measures, default=None)))


def clusters(members: Iterable[tuple[FewRow, float | None]], quiet: int) -> Iterator[list[tuple[FewRow, float | None]]]:
    """Members of a group, by time, no further apart than `quiet` (milliseconds)."""
    cluster: list[tuple[FewRow, float | None]] = []
    for row, measured in members:
        if cluster and row[TIME] - cluster[-1][0][TIME] > quiet:
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
            while place < len(ends) and ends[place] < row[TIME]:
                place += 1
            if place == len(ends):
                break
            if row[STEP] in allowed and of_term[ends[place]][0] <= row[TIME]:
                measured = of_term[row[TIME]][1] if row[TIME] == ends[place] else None
                known = found.get(row[PLACE])
                found[row[PLACE]] = measured if known is None else known if measured is None else max(known, measured)
    return found


def _held(correlation: Correlation, rows: Sequence[FewRow], since: int) -> list[Held]:
    """The windows of each term that hold and end at `since` (milliseconds) or later."""
    found: list[Held] = []
    for term in range(max(len(correlation.terms), 1)):
        inside, held = inside_of(correlation, term), Held()
        for time, of_time in together(rows, frozenset(windows.allowed(correlation, term))):
            window = inside.ended(time, of_time)
            if window and time >= since:
                held[time] = window
        found.append(held)
    return found
