"""Doing work once per distinct value of a column."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl


def per_distinct(column: pl.Series, work: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """`work(column)`, worked out once per distinct value. `work` maps a series without nulls, value by value.

    Null stays null. The result has the type that `work` gives. (Going through `Enum` takes half of `replace_strict`.)
    """
    values = column.unique().drop_nulls()
    results = work(values).alias(column.name)
    if values.len() == 0:
        return all_null(column.len(), results.dtype, column.name)
    if values.len() == 1 and column.null_count() == 0:
        return results.new_from_index(0, column.len())
    return results.gather(column.cast(pl.Enum(values)).to_physical())


def all_null(height: int, dtype: pl.DataType | type[pl.DataType] = pl.String, name: str = "") -> pl.Series:
    """A column in which nothing stands."""
    return pl.Series(name, [None], dtype=dtype).new_from_index(0, height)


def only_where(column: pl.Series, rows: pl.Series) -> pl.Series:
    """The column, null where `rows` (`Boolean`, without nulls) does not hold."""
    return column.zip_with(rows, pl.Series([None], dtype=column.dtype))
