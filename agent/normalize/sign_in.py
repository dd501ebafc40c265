"""Whether an event is a sign-in, and whether a site's guest did it, in one way for every source.

Columns: `leakline.sign_in` (`String`: `succeeded`, or `attempted` for all else) and `leakline.user_is_guest` (`Boolean`,
true or null). Both are null, or absent, where the row is no sign-in, or names no guest.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

SIGN_IN = "leakline.sign_in"
GUEST = "leakline.user_is_guest"
SUCCEEDED, ATTEMPTED = "succeeded", "attempted"

_TYPES = ("EVENT_TYPE", "EventType")
_A_LOGIN = r"^(?i:Login|LoginEvent|LoginEventStream|LoginEventLog)$"
_RESULTS = {"LOGIN_STATUS": "LOGIN_NO_ERROR", "LoginStatus": "LOGIN_NO_ERROR", "Status": "Success"}
_OF_HISTORY = "LoginTime"
"""A field that rows of the login history have, and a name of their kind they have not."""
_USER_TYPES = ("USER_TYPE", "UserType")
_IS_GUEST = "IS_GUEST"
"""Rows of Sites say it so."""


def sign_in_columns(columns: Mapping[str, pl.Series]) -> dict[str, pl.Series]:
    """`columns`: those of a frame, by name, of which any may be missing."""
    texts = {name: column for name, column in columns.items() if column.dtype == pl.String}
    found: dict[str, pl.Series] = {}
    logins = [_fitting(texts[name], _A_LOGIN) for name in _TYPES if name in texts]
    logins += [texts[_OF_HISTORY].is_not_null()] if _OF_HISTORY in texts else []
    login = _any(logins)
    if login is not None:
        succeeded = _any([texts[name] == result for name, result in _RESULTS.items() if name in texts])
        words = pl.select(
            pl.when(pl.lit(login))
            .then(
                pl.when(pl.lit(False if succeeded is None else succeeded))
                .then(pl.lit(SUCCEEDED))
                .otherwise(pl.lit(ATTEMPTED))
            )
            .alias(SIGN_IN)
        )
        found[SIGN_IN] = words.to_series()
    guests = [_fitting(texts[name], "(?i)guest") for name in _USER_TYPES if name in texts]
    guests += [_fitting(texts[_IS_GUEST], "^(?i:1|true)$")] if _IS_GUEST in texts else []
    guest = _any(guests)
    if guest is not None:
        found[GUEST] = pl.select(pl.when(pl.lit(guest)).then(True).alias(GUEST)).to_series()
    return found


def _fitting(column: pl.Series, pattern: str) -> pl.Series:
    """Where a column of few distinct texts fits."""
    texts = column.unique().drop_nulls()
    return column.is_in(texts.filter(texts.str.contains(pattern)).to_list())


def _any(columns: list[pl.Series]) -> pl.Series | None:
    """Where one of them is true; None if it is nowhere."""
    if not columns:
        return None
    together = columns[0].fill_null(False)
    for column in columns[1:]:
        together = together | column.fill_null(False)
    return together if together.any() else None
