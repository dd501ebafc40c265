"""Where a batch is small: below it a call into Polars costs more than its rows do.

A call that goes through an expression costs 30 to 250 µs whatever is in it; a row in Python costs about one. The places that
have a second way for few rows meet at this limit, and tests hold both ways equal on both sides of it.
"""

from __future__ import annotations

import polars as pl

SMALL = 256
"""Rows of a batch up to which it takes the way over Python lists."""


def few_plain(column: pl.Series) -> list[str | None] | None:
    """The cells (`String`) of a small column if all of them are printable ASCII; None for any other.

    There Python and Polars agree on capitals, white space, classes of characters and what the end of a text is.
    """
    if column.len() > SMALL:
        return None
    cells: list[str | None] = column.to_list()
    together = "".join(filter(None, cells))
    return cells if together.isascii() and together.isprintable() else None
