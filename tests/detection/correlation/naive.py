"""An obvious evaluator of correlations, for tests: every window by itself, row by row, sharing nothing with the product."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class EventRow:
    """`time` in minutes, `fields` as a rule's author names them."""

    id: int
    time: int
    step: str
    fields: Mapping[str, object] = dataclasses.field(compare=False)


@dataclass(frozen=True)
class Spec:
    """A correlation in terms of this evaluator; `terms` are pairs of wanted and absent steps."""

    kind: str
    steps: Sequence[str]
    holds: Callable[[float], bool] = lambda _: True
    group_by: Sequence[str] = ("USER_ID",)
    field: str = ""
    percentile: float = 50
    span: int = 10
    quiet: int = 10
    terms: Sequence[tuple[Sequence[str], Sequence[str]]] = ()
    waits: bool = False
    lowest: bool = False
    """The lowest measured value is told, not the highest."""
    aliases: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Window:
    """A window that holds."""

    rows: frozenset[EventRow]
    anchors: frozenset[EventRow]
    known: int
    measured: float


Alert = tuple[tuple[object, ...], int, int, int, float, frozenset[int]]
"""Group, start, end, count, measured value, ids."""


def value(spec: Spec, row: EventRow, name: str) -> object:
    return row.fields.get(spec.aliases.get(name, {}).get(row.step, name))


def grouped(spec: Spec, rows: Iterable[EventRow]) -> dict[tuple[object, ...], list[EventRow]]:
    found: dict[tuple[object, ...], list[EventRow]] = {}
    for row in rows:
        key = tuple(value(spec, row, name) for name in spec.group_by)
        if row.step in spec.steps and None not in key and (not spec.field or value(spec, row, spec.field) is not None):
            found.setdefault(key, []).append(row)
    return found


def windows(spec: Spec, rows: Sequence[EventRow]) -> Iterable[Window]:
    """Of one group."""
    if spec.terms:
        for wanted, absent in spec.terms:
            yield from of_term(spec, rows, wanted, absent)
    elif spec.kind == "temporal_ordered" and not spec.waits:
        yield from in_order(spec, rows, spec.steps, spec.holds)
    else:
        for end in {row.time for row in rows}:
            inside = [row for row in rows if end - spec.span <= row.time <= end]
            measured = measure(spec, inside)
            if spec.holds(measured):
                yield Window(frozenset(inside), frozenset(r for r in inside if r.time == end), end, measured)


def measure(spec: Spec, inside: Sequence[EventRow]) -> float:
    once = {row.id: row for row in inside}.values()
    numbers = sorted(float(str(value(spec, row, spec.field))) for row in once) if spec.kind.startswith("value_") and spec.kind != "value_count" else []  # fmt: skip
    match spec.kind:
        case "event_count":
            return len(once)
        case "value_count":
            return len({value(spec, row, spec.field) for row in inside})
        case "value_sum":
            return sum(numbers)
        case "value_avg":
            return round(statistics.mean(numbers), 6)
        case "value_median":
            return round(statistics.median(numbers), 6)
        case "value_percentile":
            place = (len(numbers) - 1) * spec.percentile / 100
            low = int(place)
            high = min(low + 1, len(numbers) - 1)
            return round(numbers[low] + (numbers[high] - numbers[low]) * (place - low), 6)
        case "temporal":
            return len({row.step for row in inside})
        case _:
            return max(len(chain) for chain in chains(inside, spec.steps))


def chains(rows: Sequence[EventRow], order: Sequence[str]) -> list[list[EventRow]]:
    """All ways to meet some of the steps in this order, each strictly later than the one before."""
    found: list[tuple[int, list[EventRow]]] = [(-1, [])]
    for row in sorted(rows, key=lambda r: r.time):
        for last, chain in list(found):
            for place, step in enumerate(order):
                if step == row.step and place > last and (not chain or chain[-1].time < row.time):
                    found.append((place, [*chain, row]))
    return [chain for _, chain in found]


def in_order(
    spec: Spec, rows: Sequence[EventRow], order: Sequence[str], holds: Callable[[float], bool]
) -> Iterable[Window]:
    """For each end and each sufficient length the longest window within the span that such a chain begins."""
    placed = [row for row in rows if row.step in order]
    for end in {row.time for row in placed}:
        near = chains([row for row in placed if end - spec.span <= row.time <= end], order)
        for length in range(1, len(order) + 1):
            begins = [chain[0].time for chain in near if len(chain) == length and chain[-1].time == end]
            if begins and holds(length):
                inside = [row for row in placed if min(begins) <= row.time <= end]
                yield Window(frozenset(inside), frozenset(r for r in inside if r.time == end), end, length)


def of_term(spec: Spec, rows: Sequence[EventRow], wanted: Sequence[str], absent: Sequence[str]) -> Iterable[Window]:
    taking_part = [row for row in rows if row.step in wanted]
    ordered = spec.kind == "temporal_ordered"
    if not absent and ordered:
        yield from in_order(spec, taking_part, wanted, lambda length: length == len(wanted))
        return
    for anchor in {row.time for row in taking_part}:
        begin, end = (anchor, anchor + spec.span) if absent else (anchor - spec.span, anchor)
        inside = [row for row in taking_part if begin <= row.time <= end]
        there = {row.step for row in inside} == set(wanted)
        if ordered:
            there = any(len(chain) == len(wanted) for chain in chains(inside, wanted))
        if there and not any(row.step in absent and begin <= row.time <= end for row in rows):
            yield Window(frozenset(inside), frozenset(r for r in inside if r.time == anchor), end, len(wanted))


def alerts(spec: Spec, rows: Sequence[EventRow]) -> set[Alert]:
    found: set[Alert] = set()
    for group, members in grouped(spec, rows).items():
        held = list(windows(spec, members))
        inside = sorted({row for window in held for row in window.rows}, key=lambda row: row.time)
        cluster: list[EventRow] = []
        for row in [*inside, None]:
            if cluster and (row is None or row.time - cluster[-1].time > spec.quiet):
                ids = frozenset(row.id for row in cluster)
                here = [window.measured for window in held if window.anchors & set(cluster)]
                measured = min(here) if spec.lowest else max(here)
                found.add((group, cluster[0].time, cluster[-1].time, len(ids), measured, ids))
                cluster = []
            if row is not None:
                cluster.append(row)
    return found


def handed_on(spec: Spec, rows: Sequence[EventRow], name: str) -> list[EventRow]:
    """The rows at which the correlation held, as a correlation of it sees them, under the step `name`."""
    found: dict[int, EventRow] = {}
    for members in grouped(spec, rows).values():
        for window in windows(spec, members):
            for row in window.anchors:
                known = min(window.known, found[row.id].time) if row.id in found else window.known
                found[row.id] = EventRow(row.id, known, name, row.fields)
    return list(found.values())
