"""The values of a column, each with the row it stands in: for lists that match any value of a row."""

from __future__ import annotations

import polars as pl

from agent.columns.array_fields import STRINGS

ROW, VALUE = "row", "value"


def values_by_row(column: pl.Series) -> pl.DataFrame:
    """`row` (UInt32) and `value` (String), in the order of the rows.

    `column`: `String`, or `List(String)`, of which every element has its line.
    """
    values = column.alias(VALUE).to_frame().with_row_index(ROW)
    return values.explode(VALUE) if column.dtype == STRINGS else values


def beside(height: int, by_row: pl.DataFrame) -> pl.DataFrame:
    """`by_row`, which has a line for some rows, with a line for each of `height` rows."""
    rows = pl.DataFrame({ROW: pl.int_range(height, dtype=pl.UInt32, eager=True)})
    return rows.join(by_row, on=ROW, how="left", maintain_order="left").drop(ROW)
