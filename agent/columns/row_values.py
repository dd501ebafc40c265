"""The values of a column, each with the row it stands in: for lists that match any value of a row."""

from __future__ import annotations

from functools import cached_property

import polars as pl

from agent.columns.array_fields import STRINGS
from agent.columns.small import SMALL

ROW = "row"


class RowValues:
    """The values of a column (`String` or `List(String)`), in the order of its rows.

    A null, and a list without elements, is one null value. `values`: `String`.
    """

    def __init__(self, column: pl.Series, found: pl.Series | None = None) -> None:
        """`found`: what to take in the place of each value."""
        self._column = column
        if found is None:
            found = _elements(column) if column.dtype == STRINGS else column
        self.values = found

    def looked_up(self, found: pl.Series) -> RowValues:
        """`found` (`String`), one beside each value, in the same rows."""
        return RowValues(self._column, found)

    @cached_property
    def rows(self) -> pl.Series:
        """`row` (`UInt32`): for each value the number of its row."""
        height = self._column.len()
        if self.values.len() == height:
            return pl.int_range(height, dtype=pl.UInt32, eager=True).alias(ROW)
        return self._column.to_frame().with_row_index(ROW).explode(self._column.name, empty_as_null=True)[ROW]

    def any_of(self, flags: pl.Series) -> pl.Series:
        """`Boolean`, one a row: true where a flag of one of its values is, else false where one is, else null.

        `flags`: `Boolean`, beside `values`.
        """
        if flags.len() == self._column.len():
            return flags
        lines = pl.DataFrame([self.rows, flags.alias("flag")]).drop_nulls("flag")
        return beside(self._column.len(), lines.group_by(ROW).agg(pl.col("flag").any()))["flag"]


def _elements(column: pl.Series) -> pl.Series:
    if column.len() > SMALL:
        return column.explode(empty_as_null=True)
    return pl.Series(column.name, [text for cell in column.to_list() for text in cell or (None,)], dtype=pl.String)


def beside(height: int, by_row: pl.DataFrame) -> pl.DataFrame:
    """`by_row`, which has a line for some rows, with a line for each of `height` rows."""
    rows = pl.DataFrame({ROW: pl.int_range(height, dtype=pl.UInt32, eager=True)})
    return rows.join(by_row, on=ROW, how="left", maintain_order="left").drop(ROW)
