"""What a query of a big object may ask, and which window of time it means (SOQL with Big Objects; Platform Events Developer
Guide: the pages of stored real-time events). The text about the order is not verified, the others were seen by peers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from agent.simulator.api.filters.soql import Comparison, Condition, Conjunction, Literal, Query, SoqlError
from agent.simulator.org.objects import Table

MOST_ROWS = 2_000
"""Rows of an answer; none of them was seen to have a next page."""
DATE, IDENTIFIER = "eventdate", "eventidentifier"
_OPERATORS = ("=", "<", ">", "<=", ">=", "in")
_EVER = 1 << 60
_CODE = "BIG_OBJECT_UNSUPPORTED_OPERATION"


def check_big_object(query: Query, table: Table) -> None:
    """Raises SoqlError for what big objects refuse."""
    if query.group_by or any(item.function and item.function != "fields" for item in query.selected):
        raise SoqlError("Aggregate functions not supported", _CODE)
    if query.offset:
        raise SoqlError("Offset not supported", _CODE)
    comparisons = list(_joined(query.where))
    fields = {comparison.field.lower() for comparison in comparisons}
    if fields - {name.lower() for name in table.index} or (fields and DATE not in fields):
        raise SoqlError("Filters may not have any gaps within the composite key", _CODE)
    for comparison in comparisons:
        ranged = comparison.operator not in ("=", "in")
        if comparison.operator not in _OPERATORS or (ranged and comparison.field.lower() != DATE):
            raise SoqlError(f"Unsupported filter operator on {comparison.field}: {comparison.operator}", _CODE)
    for ordering in query.order_by:
        if ordering.field.lower() != DATE or not ordering.descending:
            direction = "DESC" if ordering.descending else "ASC"
            raise SoqlError(f"Unsupported order direction on filter column: {ordering.field} : {direction}", _CODE)


def window_of(where: Condition | None) -> tuple[int, int]:
    """The milliseconds since 1970 that the comparisons of EventDate leave, both ends in it; all of time for none."""
    low, high = -_EVER, _EVER
    for comparison in _joined(where):
        if comparison.field.lower() != DATE:
            continue
        moments = [moment for value in comparison.values for moment in _ends(value)]
        if comparison.operator in ("=", "in", ">", ">="):
            low = max(low, min(moments))
        if comparison.operator in ("=", "in", "<", "<="):
            high = min(high, max(moments))
    return low, high


def _ends(literal: Literal) -> Iterator[int]:
    """The milliseconds of a moment, or of both ends of a span such as TODAY. Raises SoqlError for null."""
    for moment in (literal.value, literal.end or literal.value):
        if not isinstance(moment, datetime):
            raise SoqlError("Unsupported filter value on EventDate", _CODE)
        yield int(moment.astimezone(UTC).timestamp() * 1000)


def _joined(where: Condition | None) -> Iterator[Comparison]:
    """Comparisons that all have to hold. Raises SoqlError where they are not so joined."""
    if isinstance(where, Comparison):
        yield where
    elif isinstance(where, Conjunction):
        for part in where.parts:
            yield from _joined(part)
    elif where is not None:
        raise SoqlError("Only AND joins the filters of a big object", _CODE)
