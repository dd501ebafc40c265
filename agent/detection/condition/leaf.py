"""A leaf of a condition: which values of a column, and so which rows, pass its test."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable

import polars as pl

from agent.detection.condition import few_texts
from agent.detection.condition.column import Column
from agent.detection.condition.mask import Mask, either, inverted
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


def passing_rows(column: Column, test: Test) -> Mask:
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
    """Whether each of the distinct `column.values` passes: Boolean without nulls, as long as these."""
    match test:
        case Text():
            passed = _text(column.text if test.cased else column.lower, test)
        case Regex(patterns):
            passed = _any(column.text.str.contains(pattern) for pattern in patterns)
        case Number(comparison, value):
            passed = _COMPARE[comparison](column.number, value)
            if isinstance(value, int) and abs(value) >= EXACT:  # of integers alone more is known
                passed = passed.zip_with(column.whole.is_null(), _COMPARE[comparison](column.whole, value))
        case TimePart(part, comparison, value):
            passed = _COMPARE[comparison](getattr(column.time.dt, part)().cast(pl.Int64), value)
        case Network(ranges):
            passed = _any(_within(column.address, first, last) for first, last in ranges)
        case Truth(value):
            passed = _truth(column, value)
        case _:
            raise AssertionError(test)
    return few_texts.without_nulls(passed)


def _text(text: pl.Series, test: Text) -> pl.Series:
    """`text`: String, in lower case unless the test is cased; so are the values of the test."""
    passed = few_texts.passing(text, test)
    return _many(text, test) if passed is None else passed


def _many(text: pl.Series, test: Text) -> pl.Series:
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
    """`address`: String, as `Column.address`. Digits of equal length compare like numbers; a version begins each."""
    return (address >= first) & (address <= last)


def _truth(column: Column, value: bool) -> pl.Series:
    """A cell of a log file is 0 or 1 where JSON has a truth value."""
    if column.values.dtype == pl.Boolean:
        return column.values == value
    if column.values.dtype != pl.String:
        return pl.Series([False]).new_from_index(0, len(column.values))
    words = ("true", "1") if value else ("false", "0")
    return _text(column.lower, Text("equals", frozenset(words if column.cells else words[:1])))


def _any(masks: Iterable[pl.Series]) -> pl.Series:
    """Boolean, null where no mask is true and one is null."""
    return functools.reduce(operator.or_, masks)
