"""A column of a batch as text, to group and to count by."""

from __future__ import annotations

import polars as pl

LONGEST = 2_000
"""Characters of a value that are told apart, so that no value fills the memory of a correlation or baseline."""


def text_of(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A column as text, null where it is empty, absent or no single value."""
    if name not in frame.columns or frame.schema[name].is_nested():
        return pl.lit(None, dtype=pl.String)
    text = pl.col(name).cast(pl.String)
    return pl.when(text != "").then(text.str.slice(0, LONGEST))
