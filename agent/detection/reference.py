"""One field against another of the same event (`fieldref`)."""

from __future__ import annotations

from typing import Literal

import polars as pl

from agent.detection.column import Column, Mask, marked


def rows(left: Column, right: Column, how: Literal["equals", "contains", "startswith", "endswith"]) -> Mask:
    """The rows in which both have a value and the left one equals, contains, … the right one, without regard to case.

    Of lists one pair of elements is enough.
    """
    frame = pl.DataFrame({"left": _texts(left), "right": _texts(right)}).with_row_index("row")
    for side in ("left", "right"):
        if isinstance(frame.schema[side], pl.List):
            frame = frame.explode(side)
    mine, other = pl.col("left"), pl.col("right")
    verdicts = {
        "equals": mine == other,
        "contains": mine.str.contains(other, literal=True),
        "startswith": mine.str.starts_with(other),
        "endswith": mine.str.ends_with(other),
    }
    return marked(frame.filter(verdicts[how])["row"], left.series.len())


def _texts(column: Column) -> pl.Series:
    """The column's rows as lower-case text, or as lists of such."""
    if isinstance(column.series.dtype, pl.List | pl.Array):
        inner = pl.element().cast(pl.String, strict=False).str.to_lowercase()
        return column.series.to_frame("list").select(pl.col("list").list.eval(inner)).to_series()
    return column.spread(column.lower)
