"""In which rows a derived field has a value: `where` and `unless` of a mapping."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

Columns = Callable[[str], "pl.Series | None"]
"""Finds a column by name: the vendor's, or a computed one. None if the frame has none."""


@dataclass(frozen=True, slots=True)
class RowCondition:
    """Columns and the values one of which each of them must have; case does not matter, `*` stands for any text."""

    cases: tuple[tuple[str, tuple[str, ...]], ...]

    def holds(self, columns: Columns, height: int) -> pl.Series:
        """`Boolean` without nulls; a row without a value fails."""
        held = pl.repeat(True, height, dtype=pl.Boolean, eager=True)
        for name, patterns in self.cases:
            cells = columns(name)
            if cells is None:
                return pl.repeat(False, height, dtype=pl.Boolean, eager=True)
            held = held & _fits(cells, patterns)
        return held


EVERYWHERE = RowCondition(())


def _fits(cells: pl.Series, patterns: tuple[str, ...]) -> pl.Series:
    """`Boolean` without nulls: which cells (of any type) fit one of the patterns."""
    text = cells if cells.dtype == pl.String else cells.cast(pl.String, strict=False)
    if patterns == ("*",):
        return text.is_not_null()
    words = "|".join(".*".join(re.escape(part) for part in pattern.split("*")) for pattern in patterns)
    expression = f"(?is)^(?:{words})$"
    return text.str.contains(expression).fill_null(False)
