"""Lines put together in columns: text that every row has, values, and parts that a row may lack.

Joining columns costs by the piece, so text that is the same in all rows becomes one piece with its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from agent.columns.distinct import only_value

Piece = str | pl.Expr
"""Text of all rows, or an expression that gives each row's text (`String`); a null writes nothing."""


FEW = 6
"""Elements up to which a list is looked at place by place."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A column as text: a value between two texts; no value is a constant. `optional`: rows may lack all of it."""

    before: str
    value: pl.Expr | None = None
    after: str = ""
    optional: bool = False

    def within(self, before: str, after: str) -> Cell:
        """The cell with more text around it, which rows without a value lack too."""
        return Cell(before + self.before, self.value, self.after + after, self.optional)

    def pieces(self) -> list[Piece]:
        if self.value is None:
            return [self.before + self.after]
        if not self.optional:
            return [self.before, self.value, self.after]
        return [pl.concat_str(pl.lit(self.before), self.value, pl.lit(self.after))]


def is_constant(column: pl.Series) -> bool:
    """Whether all rows have the same value (and there is one)."""
    if column.dtype == pl.String:
        return only_value(column) is not None
    if column.len() == 0 or column.null_count():
        return False
    first = column.head(1)
    if not (first == column.tail(1)).all():
        return False
    found = _same_lists(column) if isinstance(column.dtype, pl.List) else None
    return bool((column == first).all()) if found is None else found


def _same_lists(column: pl.Series) -> bool | None:
    """As `is_constant`, in a thirtieth of the time that comparing lists takes; None where one is empty or has a null."""
    lengths = column.list.len()
    longest: int = lengths.max()  # type: ignore[assignment]
    elements = column.explode()
    if longest > FEW or elements.null_count():
        return None
    if lengths.min() != longest:
        return False
    return all(is_constant(elements.gather_every(longest, place)) for place in range(longest))


def lines_of(frame: pl.DataFrame, height: int, pieces: Iterable[Piece]) -> pl.Series:
    """One line a row (`String`, never null). `frame` has the columns that the pieces speak of, and `height` rows if any."""
    parts = _neighbours_joined(pieces)
    if all(isinstance(part, str) for part in parts):
        return pl.Series("", ["".join(map(str, parts))], dtype=pl.String).new_from_index(0, height)
    texts = [pl.lit(part) if isinstance(part, str) else part for part in parts]
    return frame.select(pl.concat_str(texts, ignore_nulls=True).alias("")).to_series()


def _neighbours_joined(pieces: Iterable[Piece]) -> Sequence[Piece]:
    parts: list[Piece] = []
    for piece in pieces:
        before = parts[-1] if parts else None
        if isinstance(piece, str) and isinstance(before, str):
            parts[-1] = before + piece
        elif not isinstance(piece, str) or piece:
            parts.append(piece)
    return parts
