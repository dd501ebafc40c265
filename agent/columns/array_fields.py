"""Array fields: the values of several columns as one list a row (`related.ip`, `related.user`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, chain
from typing import Any

import polars as pl
import pyarrow as pa

from agent.columns.distinct import all_null, only_where
from agent.columns.small import SMALL

STRINGS = pl.List(pl.String)


def lists_of(columns: Sequence[pl.Series]) -> pl.Series:
    """`List(String)`: each row's non-null values in the order of the columns; null for a row that has none.

    `columns`: one or more `String` series of one length. (`pl.concat_list` does this at ten times the cost.)
    """
    if columns[0].len() <= SMALL:
        return lists_of_rows([[cell for cell in row if cell is not None] for row in _rows(columns)])
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
    if columns and columns[0].len() <= SMALL:
        rows = [[cell for cell in dict.fromkeys(row) if cell is not None] for row in _rows(columns)]
        return lists_of_rows(rows) if any(rows) else None
    values: list[pl.Series] = []
    for column in columns:
        value = _unless_among(column, values)
        if value.null_count() < value.len():
            values.append(value)
    return lists_of([value.alias(str(place)) for place, value in enumerate(values)]) if values else None


def _rows(columns: Sequence[pl.Series]) -> Iterable[tuple[str | None, ...]]:
    return zip(*(column.to_list() for column in columns), strict=True)


def lists_of_rows(rows: Sequence[Sequence[str]]) -> pl.Series:
    """`List(String)`, null for an empty row; through Arrow, for Polars takes 5 µs a row and more."""
    ends = [0, *accumulate(map(len, rows))]
    values = pa.array(list(chain.from_iterable(rows)), pa.large_string())
    mask = pa.array([not row for row in rows], pa.bool_())
    lists = pa.LargeListArray.from_arrays(pa.array(ends, pa.int64()), values, mask=mask)
    return pl.Series(pl.from_arrow(lists), dtype=STRINGS)


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
