"""Array fields: the values of several columns as one list a row (`related.ip`, `related.user`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from agent.columns.distinct import all_null, only_where

STRINGS = pl.List(pl.String)


def lists_of(columns: Sequence[pl.Series]) -> pl.Series:
    """`List(String)`: each row's non-null values in the order of the columns; null for a row that has none.

    `columns`: one or more `String` series of one length. (`pl.concat_list` does this at ten times the cost.)
    """
    if len(columns) == 1:
        together = columns[0].reshape((-1, 1))
    else:
        together = pl.select(pl.concat_arr(columns)).to_series()
    if all(column.null_count() == 0 for column in columns):
        return together.cast(STRINGS)
    counts = _counts(columns)
    values = together.explode().drop_nulls()
    ends = pl.concat([pl.Series([0]), counts.cum_sum()])
    lists = pa.LargeListArray.from_arrays(_array(ends), _array(values), mask=_array(counts == 0))
    return pl.Series(pl.from_arrow(lists), dtype=STRINGS)


def single_value(column: pl.Series) -> pl.Series:
    """The value of each row that has just one, null elsewhere: what other rows have makes no difference."""
    if not isinstance(column.dtype, pl.List):
        return column
    return pl.select(pl.when(column.list.len() == 1).then(column.list.first())).to_series().alias(column.name)


def each_once(columns: Sequence[pl.Series]) -> pl.Series | None:
    """As `lists_of`, but a row's value that several columns have is in its list once; None where no row has any."""
    values: list[pl.Series] = []
    for column in columns:
        value = _unless_among(column, values)
        if value.null_count() < value.len():
            values.append(value)
    return lists_of([value.alias(str(place)) for place, value in enumerate(values)]) if values else None


def _unless_among(value: pl.Series, before: Sequence[pl.Series]) -> pl.Series:
    """A column (`String`), null where one of the columns before it has the same value in the row."""
    for column in before:
        same = (value == column).fill_null(False)
        if same.all():
            return all_null(value.len())
        if same.any():
            value = only_where(value, ~same)
    return value


def _counts(columns: Sequence[pl.Series]) -> pl.Series:
    """How many of the columns have a value in each row (`Int64`)."""
    counts = columns[0].is_not_null().cast(pl.Int64)
    for column in columns[1:]:
        counts = counts + column.is_not_null().cast(pl.Int64)
    return counts.alias("")


def _array(series: pl.Series) -> Any:
    """As one Arrow array."""
    return series.rechunk().to_arrow()
