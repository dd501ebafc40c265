"""In which rows a derived field has a value: `where` and `unless` of a mapping."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from agent.columns.distinct import filled
from agent.columns.small import few_ascii

Columns = Callable[[str], "pl.Series | None"]
"""Finds a column by name: the vendor's, or a computed one. None if the frame has none."""


@dataclass(frozen=True, slots=True)
class RowCondition:
    """Columns and the values one of which each of them must have; case does not matter, `*` stands for any text."""

    cases: tuple[tuple[str, tuple[str, ...]], ...]

    def holds(self, columns: Columns, height: int) -> pl.Series:
        """`Boolean` without nulls; a row without a value fails."""
        held = pl.Series([True]).new_from_index(0, height)
        for name, patterns in self.cases:
            cells = columns(name)
            if cells is None:
                return pl.Series([False]).new_from_index(0, height)
            held = held & _fits(cells, patterns)
        return held


EVERYWHERE = RowCondition(())


def _fits(cells: pl.Series, patterns: tuple[str, ...]) -> pl.Series:
    """`Boolean` without nulls: which cells (of any type) fit one of the patterns."""
    text = cells if cells.dtype == pl.String else cells.cast(pl.String, strict=False)
    if patterns == ("*",):
        return filled(text)
    few = few_ascii(text)
    if few is not None:
        fits = _expression(patterns).fullmatch
        return pl.Series(text.name, [cell is not None and fits(cell) is not None for cell in few], dtype=pl.Boolean)
    return text.str.contains(f"(?is)^(?:{_words(patterns)})$").fill_null(False)


@lru_cache(maxsize=1_000)
def _expression(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """For all of a cell. The patterns come from mapping files, whose conditions are some dozens."""
    return re.compile(_words(patterns), re.IGNORECASE | re.DOTALL)


def _words(patterns: tuple[str, ...]) -> str:
    return "|".join(".*".join(re.escape(part) for part in pattern.split("*")) for pattern in patterns)
