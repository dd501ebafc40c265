"""Texts as JSON strings, by the column."""

from __future__ import annotations

import orjson
import polars as pl

_TO_ESCAPE = r'["\\\x00-\x1f]'
"""RFC 8259 section 7."""


def quoted(texts: pl.Series) -> pl.Series:
    """`texts`: `String`; each with its quotes around it and escaped, nulls staying null."""
    if texts.str.contains(_TO_ESCAPE).any():
        distinct = texts.unique().drop_nulls()
        written = pl.Series([orjson.dumps(text).decode() for text in distinct.to_list()], dtype=pl.String)
        return texts.replace_strict(distinct, written, default=None, return_dtype=pl.String)
    return pl.select(pl.concat_str(pl.lit('"'), texts, pl.lit('"'))).to_series()
