"""Whether an event is a sign-in, in one way for every source.

Column: `leakline.sign_in` (`String`: `succeeded`, also where the result is blank, or `attempted` for all else); null, or absent, where the row is not a
sign-in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import polars as pl

from agent.columns.distinct import per_distinct, surely
from agent.columns.small import few_plain

SIGN_IN = "leakline.sign_in"
SUCCEEDED, ATTEMPTED = "succeeded", "attempted"

_TYPES = ("EVENT_TYPE", "EventType")
_A_LOGIN = r"^(?i:Login|LoginEvent|LoginEventStream|LoginEventLog)$"
_RESULTS = {"LOGIN_STATUS": "LOGIN_NO_ERROR", "LoginStatus": "LOGIN_NO_ERROR", "Status": "Success"}
_REQUEST = "REQUEST_STATUS"
"""Of log files: `S` where all went well."""
_OF_HISTORY = "LoginTime"
"""A field that rows of the login history have, and a name of their kind they have not."""

_COLUMNS = (*_TYPES, _OF_HISTORY, *_RESULTS, _REQUEST)


def sign_in_columns(columns: Mapping[str, pl.Series]) -> dict[str, pl.Series]:
    """`columns`: those of a frame, by name, of which any may be missing."""
    texts = {name: columns[name] for name in _COLUMNS if name in columns and columns[name].dtype == pl.String}
    found: dict[str, pl.Series] = {}
    logins = [_fitting(texts[name], _A_LOGIN) for name in _TYPES if name in texts]
    logins += [texts[_OF_HISTORY].is_not_null()] if _OF_HISTORY in texts else []
    login = _any(logins)
    if login is not None:
        said = [texts[name] for name in _RESULTS if name in texts]
        succeeded = _any(
            [
                *(texts[name] == result for name, result in _RESULTS.items() if name in texts),
                *([_all_blank(said) & ~_refused(texts, login.len())] if said else []),
            ]
        )
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
    return found


def _all_blank(columns: list[pl.Series]) -> pl.Series:
    """Where none of them says anything: a refusal has a word for its reason."""
    return pl.select(
        pl.all_horizontal(*(pl.lit(column).str.strip_chars().fill_null("") == "" for column in columns))
    ).to_series()


def _refused(texts: Mapping[str, pl.Series], height: int) -> pl.Series:
    """`Boolean` without nulls: where the request has a status and it is not `S`."""
    if _REQUEST not in texts:
        return pl.repeat(False, height, eager=True)
    return (texts[_REQUEST] != "").fill_null(False) & (texts[_REQUEST] != "S").fill_null(False)


def _fitting(column: pl.Series, pattern: str) -> pl.Series:
    """Where a column of few distinct texts fits."""
    cells = few_plain(column)
    if cells is not None:
        fits = re.compile(pattern).search
        return pl.Series(column.name, [cell is not None and fits(cell) is not None for cell in cells], dtype=pl.Boolean)
    return per_distinct(column, lambda texts: texts.str.contains(pattern)).fill_null(False)


def _any(columns: list[pl.Series]) -> pl.Series | None:
    """Where one of them is true; None if it is nowhere."""
    if not columns:
        return None
    together = surely(columns[0])
    for column in columns[1:]:
        together = together | surely(column)
    return together if together.any() else None
