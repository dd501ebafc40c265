"""Cells that hold nothing but white space: no value to any field. The raw cell itself stays as it came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from agent.columns.distinct import only_where

_FIRST_VISIBLE, _ASCII = "!", "\x7f"


def without_blanks(cells: pl.Series) -> pl.Series:
    """`String`: the cells, null for those of spaces, tabs, no-break spaces and the like."""
    # White space sorts before all that is visible in ASCII, or is beyond ASCII: most columns need no look at each cell.
    least, most = cells.min(), cells.max()
    if not isinstance(least, str) or not isinstance(most, str) or (least >= _FIRST_VISIBLE and most < _ASCII):
        return cells
    filled = (cells.str.strip_chars_start() != "").fill_null(True)
    return cells if filled.all() else only_where(cells, filled)


class FilledCells(Mapping[str, pl.Series]):
    """Raw columns by name, `without_blanks`, each looked at when it is first asked for."""

    def __init__(self, cells: Mapping[str, pl.Series]) -> None:
        """`cells`: the raw columns of a frame by name, all `String`."""
        self._cells = cells
        self._filled: dict[str, pl.Series] = {}

    def __getitem__(self, column: str) -> pl.Series:
        if column not in self._filled:
            self._filled[column] = without_blanks(self._cells[column])
        return self._filled[column]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)

    def __contains__(self, column: object) -> bool:
        return column in self._cells
