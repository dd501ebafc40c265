"""In which rows a derived field has a value: `where` and `unless` of a mapping."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from agent.columns.distinct import filled, only_value
from agent.columns.small import SMALL, few_plain

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
            if not held.any():  # mostly a condition on methods or types that the batch has none of
                break
        return held


EVERYWHERE = RowCondition(())


def _fits(cells: pl.Series, patterns: tuple[str, ...]) -> pl.Series:
    """`Boolean` without nulls: which cells (of any type) fit one of the patterns."""
    text = cells if cells.dtype == pl.String else cells.cast(pl.String, strict=False)
    if patterns == ("*",):
        return filled(text)
    few = few_plain(text) if all(map(str.isascii, patterns)) else None
    if few is not None:
        parts = [pattern.lower().split("*") for pattern in patterns]
        fits = [cell is not None and any(_is_made_of(cell.lower(), of_one) for of_one in parts) for cell in few]
        return pl.Series(text.name, fits, dtype=pl.Boolean)
    value = only_value(text) if text.len() > SMALL else None
    if value is not None:
        return _fits(pl.Series(text.name, [value], dtype=pl.String), patterns).new_from_index(0, text.len())
    words = "|".join(".*".join(re.escape(part) for part in pattern.split("*")) for pattern in patterns)
    return text.str.contains(f"(?is)^(?:{words})$").fill_null(False)


def _is_made_of(text: str, parts: Sequence[str]) -> bool:
    """Whether a text is these parts in their order, with anything between them."""
    if len(parts) == 1:
        return text == parts[0]
    place, end = len(parts[0]), len(text) - len(parts[-1])
    if place > end or not text.startswith(parts[0]) or not text.endswith(parts[-1]):
        return False
    # Each part where it comes first: whatever can follow a later place of it can follow this one.
    for part in parts[1:-1]:
        found = text.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return True
