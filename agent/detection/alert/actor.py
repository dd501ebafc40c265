"""Whom a match is about: what repeats of one rule are folded by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

ACTOR = ("user.id", "USER_ID_DERIVED", "USER_ID", "UserId", "CreatedById", "user.name", "source.ip", "CLIENT_IP")
"""The first of these that has a value, unless the rule names others."""

_BETWEEN = ", "


def fold_by(custom: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields of `leakline: {fold_by: […]}`, else `ACTOR`."""
    names = custom.get("fold_by")
    return tuple(map(str, names)) if isinstance(names, list) and names else ACTOR


def actors(matched: pl.DataFrame, names: Sequence[str] = ACTOR) -> pl.Series:
    """`String`: of each row the first of the fields that has a value, the elements of a list together; else empty."""
    actor = pl.Series("actor", [None], dtype=pl.String).new_from_index(0, matched.height)
    for name in names:
        if name in matched.columns and actor.null_count():
            column = matched[name]
            words = column.list.join(_BETWEEN) if isinstance(column.dtype, pl.List) else column.cast(pl.String)
            actor = actor.zip_with(actor.is_not_null(), words) if actor.null_count() < len(actor) else words
    return (actor.fill_null("") if actor.null_count() else actor).alias("actor")
