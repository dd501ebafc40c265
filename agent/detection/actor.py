"""Whom a matched row is about: repeats of an alert are folded by it."""

from __future__ import annotations

import polars as pl

ACTOR = ("user.id", "USER_ID_DERIVED", "USER_ID", "UserId", "CreatedById", "user.name", "source.ip", "CLIENT_IP")
"""The first of these that has a value."""


def actors(matched: pl.DataFrame) -> pl.Series:
    """`actor` (String) of each row, empty where none of the columns has a value."""
    names = [pl.col(name).cast(pl.String) for name in ACTOR if name in matched.columns]
    return matched.with_columns(pl.coalesce([*names, pl.lit("")]).alias("actor"))["actor"]
