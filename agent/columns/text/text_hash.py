"""Texts by number, for what is kept of many of them."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import polars as pl

from agent.columns.small import SMALL


def text_hashes(texts: pl.Series) -> pl.Series:
    """Each text's number (`UInt64`): BLAKE2b-64, because somebody else chooses the texts; once per distinct one.

    `texts`: `String` without nulls.
    """
    if len(texts) <= SMALL:
        return pl.Series(texts.name, [_number(text) for text in texts.to_list()], dtype=pl.UInt64)
    distinct = texts.unique().alias("text")
    known = pl.DataFrame(
        {"text": distinct, "number": pl.Series([_number(text) for text in distinct.to_list()], dtype=pl.UInt64)}
    )
    found = texts.alias("text").to_frame().join(known, on="text", how="left", maintain_order="left")["number"]
    return found.alias(texts.name)


@lru_cache(maxsize=1 << 16)
def _number(text: str) -> int:
    """Many rules group by the same fields, and who is in one batch is in the next."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
