"""Texts by number, for what is kept of many of them."""

from __future__ import annotations

import hashlib

import polars as pl


def numbers(texts: pl.Series) -> pl.Series:
    """Each text's number (`UInt64`): BLAKE2b-64, because somebody else chooses the texts; once per distinct one.

    `texts`: `String` without nulls.
    """
    distinct = texts.unique().alias("text")
    hashed = [int.from_bytes(hashlib.blake2b(one.encode(), digest_size=8).digest(), "little") for one in distinct]
    known = pl.DataFrame({"text": distinct, "number": pl.Series(hashed, dtype=pl.UInt64)})
    found = texts.alias("text").to_frame().join(known, on="text", how="left", maintain_order="left")["number"]
    return found.alias(texts.name)
