"""What a test says of each distinct value of a column."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable

import polars as pl

from agent.detection.condition.column import Column, Mask
from agent.detection.condition.tree import Comparison, Exists, Network, Null, Number, Regex, Test, Text, TimePart, Truth

_COMPARE: dict[Comparison, Callable[[pl.Series, int | float], pl.Series]] = {
    "eq": operator.eq,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}

EXACT = 2**53
"""From here on a float no longer holds every integer."""


def rows(column: Column, test: Test) -> Mask:
    """The rows of the column that pass the test (`Reference` excepted, which needs two columns)."""
    match test:
        case Exists():
            return column.present
        case Null():
            return column.null
        case Text("equals", values, _) if column.cells and "" in values:
            return either(inverted(column.present), column.over_rows(_of_values(column, test)))
        case _:
            return column.over_rows(_of_values(column, test))


def _of_values(column: Column, test: Test) -> pl.Series:
    match test:
        case Text():
            verdict = _text(column.text if test.cased else column.lower, test)
        case Regex(patterns):
            verdict = _any(column.text.str.contains(pattern) for pattern in patterns)
        case Number(comparison, value):
            verdict = _COMPARE[comparison](column.number, value)
            if isinstance(value, int) and abs(value) >= EXACT:  # of integers alone more is known
                verdict = verdict.zip_with(column.whole.is_null(), _COMPARE[comparison](column.whole, value))
        case TimePart(part, comparison, value):
            verdict = _COMPARE[comparison](getattr(column.time.dt, part)().cast(pl.Int64), value)
        case Network(ranges):
            verdict = _any(_within(column.address, first, last) for first, last in ranges)
        case Truth(value):
            verdict = _truth(column, value)
        case _:
            raise AssertionError(test)
    return verdict.fill_null(value=False) if verdict.null_count() else verdict


def _text(text: pl.Series, test: Text) -> pl.Series:
    values = sorted(test.values)
    match test.how:
        case "equals":
            return text == values[0] if len(values) == 1 else text.is_in(values)
        case "contains":
            if len(values) == 1:
                return text.str.contains(values[0], literal=True)
            return text.str.contains_any(values)
        case "startswith":
            return _any(text.str.starts_with(value) for value in values)
        case "endswith":
            return _any(text.str.ends_with(value) for value in values)
        case "like":
            return _any(text.str.contains(value) for value in values)


def _within(address: pl.Series, first: str, last: str) -> pl.Series:
    return (address >= first) & (address <= last)


def _truth(column: Column, value: bool) -> pl.Series:
    if column.values.dtype == pl.Boolean:
        return column.values == value
    if column.values.dtype != pl.String:
        return pl.Series([False]).new_from_index(0, len(column.values))
    words = {True: ["true", "1"], False: ["false", "0"]}[value]
    return column.lower.is_in(words if column.cells else words[:1])


def _any(verdicts: Iterable[pl.Series]) -> pl.Series:
    return functools.reduce(operator.or_, verdicts)


def any_of(mask: Mask) -> bool:
    """Whether it holds of any row; there is at least one."""
    return mask if isinstance(mask, bool) else bool(mask.any())


def inverted(mask: Mask) -> Mask:
    return not mask if isinstance(mask, bool) else ~mask


def both(left: Mask, right: Mask) -> Mask:
    if isinstance(left, bool):
        return right if left else False
    if isinstance(right, bool):
        return left if right else False
    return left & right


def either(left: Mask, right: Mask) -> Mask:
    if isinstance(left, bool):
        return True if left else right
    if isinstance(right, bool):
        return True if right else left
    return left | right
