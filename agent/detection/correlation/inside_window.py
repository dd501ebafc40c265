"""What lies in the window that ends at a group's newest row, told row by row: what is measured there, and where it begins.

For conditions that more rows can only make hold.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from agent.detection.correlation import windows
from agent.detection.correlation.definition.correlation import Correlation

ENTRY_BYTES = 250
"""Of a row in a window, about: the key of what counts, and its places in two collections."""


FewRow = tuple[int, int, bytes, Any, int, "int | None", "int | None"]
"""A row as it is looked at row by row, a plain tuple because the garbage collector leaves those of numbers alone:
`TIME`, `STEP`, `ID`, `VALUE`, `PLACE` (in its frame), `USER`, `ADDRESS`.
"""

TIME: Final = 0
STEP: Final = 1
ID: Final = 2
VALUE: Final = 3
PLACE: Final = 4
USER: Final = 5
ADDRESS: Final = 6

KEYS: Mapping[str, int] = {"event_count": ID, "value_count": VALUE, "value_sum": VALUE}
"""What counts once in a window: an event, a value, else a step."""


def by_time(row: FewRow) -> tuple[int, bytes]:
    """The order in which rows are looked at."""
    return row[TIME], row[ID] or b""


def together(rows: Sequence[FewRow], steps: frozenset[int]) -> Iterator[tuple[int, Sequence[FewRow]]]:
    """Each time and its rows of these steps, where there are some. `rows`: by time."""
    begin, count = 0, len(rows)
    while begin < count:
        time, end = rows[begin][TIME], begin + 1
        while end < count and rows[end][TIME] == time:
            end += 1
        if end == begin + 1:  # nearly always
            if rows[begin][STEP] in steps:
                yield time, (rows[begin],)
        elif found := [row for row in rows[begin:end] if row[STEP] in steps]:
            yield time, found
        begin = end


Ended = tuple[int, float]
"""Where a window begins, in milliseconds, and what is measured in it."""


FALLEN = 1 / 16
"""A sum that falls below this part of what it was is added anew, for it is still off by what it was rounded by then: a 1
beside 10^18 is lost, and taking 10^18 away does not bring it back.
"""


class InsideWindow:
    """What counts once in a window: an event, a value, a step; of sums an event with one value."""

    __slots__ = ("_correlation", "_entries", "_key", "_last", "_most", "_needed", "_span", "_sums", "_total")

    def __init__(self, correlation: Correlation, needed: int) -> None:
        """`needed`: how many steps must be there; 0: the correlation's bounds decide."""
        self._correlation = correlation
        self._needed = needed
        self._span = correlation.milliseconds
        self._key = KEYS.get(correlation.kind, STEP)
        self._sums = correlation.kind == "value_sum"
        self._entries: deque[tuple[int, Any]] = deque()
        """Time and what counts, by time."""
        self._last: dict[Any, int] = {}
        """What counts to the last time at which it came."""
        self._total = self._most = 0.0
        """The sum, and the most that it was since it was last added anew."""

    def copy(self) -> InsideWindow:
        copy = InsideWindow(self._correlation, self._needed)
        copy._entries, copy._last = self._entries.copy(), self._last.copy()
        if self._sums:
            copy._add_anew()  # so that what adding and taking away rounds off does not grow
        return copy

    @property
    def bytes(self) -> int:
        return ENTRY_BYTES * len(self._entries)

    def ended(self, time: int, rows: Sequence[FewRow]) -> Ended | None:
        """The window that ends at `time` with these rows of that time, if the condition holds in it."""
        entries, last = self._entries, self._last
        for row in rows:
            key = row[self._key]
            if self._sums:
                key = row[ID], key
                if key not in last:
                    self._total += row[VALUE]
            last[key] = time
            entries.append((time, key))
        # Both ends belong to a window: a row leaves it when it is more than a timespan old.
        since = time - self._span
        while entries[0][0] < since:
            seen, key = entries.popleft()
            if last.get(key) == seen:
                del last[key]
                if self._sums:
                    self._total -= key[1]
        if self._sums:
            self._most = max(self._most, self._total)
            if self._total < self._most * FALLEN or self._most == math.inf:
                self._add_anew()
        measured = rounded(self._total) if self._sums else float(len(last))
        held = measured >= self._needed if self._needed else holds(self._correlation, measured)
        return (since, measured) if held else None

    def _add_anew(self) -> None:
        self._total = self._most = sum(value for _, value in self._last)


class OrderedInside:
    """Up to where an order is met. A window goes back to the first beginning of the order within a timespan of its end."""

    __slots__ = ("_begins", "_order", "_reached", "_span", "_told")

    def __init__(self, order: Sequence[int], span: int, *, told: bool) -> None:
        """`order`: steps, each strictly later than the one before; `told`: whether all of them are enough."""
        self._order = order
        self._span = span
        self._told = told
        self._begins: deque[int] = deque()
        """Times at which it begins."""
        self._reached: list[int | None] = [None] * len(order)
        """For each place of the order the latest beginning of those that met all places up to it."""

    def copy(self) -> OrderedInside:
        copy = OrderedInside(self._order, self._span, told=self._told)
        copy._begins, copy._reached = self._begins.copy(), self._reached.copy()
        return copy

    @property
    def bytes(self) -> int:
        return 40 * len(self._begins)

    def ended(self, time: int, rows: Sequence[FewRow]) -> Ended | None:
        """The window that ends at `time` with these rows of that time, if they end the order."""
        steps, before = {row[STEP] for row in rows}, [time, *self._reached]
        if self._order[0] in steps:
            self._begins.append(time)
        found, last = None, len(self._order) - 1
        for place, step in enumerate(self._order):
            begin = before[place]
            if step not in steps or begin is None:
                continue
            self._reached[place] = begin if (best := self._reached[place]) is None else max(best, begin)
            if place == last and time - begin <= self._span:
                found = begin
        since = time - self._span
        while self._begins and self._begins[0] < since:
            self._begins.popleft()
        if found is None or not self._told:
            return None
        return self._begins[0] if last else time, float(len(self._order))


def inside_of(correlation: Correlation, term: int) -> InsideWindow | OrderedInside:
    """Of a group without rows. `term`: place in the correlation's terms, 0 if there are none."""
    steps = windows.allowed(correlation, term)
    if correlation.kind != "temporal_ordered":
        return InsideWindow(correlation, len(steps) if correlation.terms else 0)
    order = steps if correlation.terms else [correlation.steps.index(base) for base in correlation.bases]
    told = bool(correlation.terms) or holds(correlation, len(order))
    return OrderedInside(order, correlation.milliseconds, told=told)


def holds(correlation: Correlation, measured: float) -> bool:
    """Whether the bounds, which are lower ones, let it hold."""
    for bound in correlation.bounds:
        if measured < bound.number or (measured == bound.number and bound.operator == "gt"):
            return False
    return True


def rounded(total: float) -> float:
    """As `windows` rounds: six digits, a half to the even one; as it is where that many digits exceed a Float64."""
    digits = total * 1e6
    return round(digits) / 1e6 if math.isfinite(digits) else total
