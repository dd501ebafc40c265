"""Texts of columns cut, and several of a row as one: keys for what is looked up once per distinct value."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

import polars as pl

from agent.columns.small import SMALL


def joined(columns: Sequence[pl.Series | None], separator: str) -> pl.Series:
    """`String`: the texts of each row with `separator` between them, a null or a column that is not there as no text.

    `columns`: `String`, of one length; at least one is there.
    """
    height = next(column.len() for column in columns if column is not None)
    if height > SMALL:
        texts = [pl.lit("") if column is None else pl.lit(column).fill_null("") for column in columns]
        return pl.select(pl.concat_str(texts, separator=separator).alias("")).to_series()
    cells = [repeat("", height) if column is None else column.to_list() for column in columns]
    rows = zip(*cells, strict=True)
    return pl.Series("", [separator.join([cell or "" for cell in row]) for row in rows], dtype=pl.String)


def head(texts: pl.Series, length: int) -> pl.Series:
    """The first `length` characters of each text (`String`)."""
    if texts.len() > SMALL:
        longest = texts.str.len_bytes().max()
        return texts.str.head(length) if isinstance(longest, int) and longest > length else texts
    cells = texts.to_list()
    if all(cell is None or len(cell) <= length for cell in cells):
        return texts
    return pl.Series(texts.name, [cell and cell[:length] for cell in cells], dtype=pl.String)
