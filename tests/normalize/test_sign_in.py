from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from agent.normalize.sign_in import GUEST, SIGN_IN, sign_in_columns


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"EVENT_TYPE": ["Login"] * 2, "LOGIN_STATUS": ["LOGIN_NO_ERROR", "LOGIN_X"]}, ["succeeded", "attempted"]),
        ({"EVENT_TYPE": ["Login"], "LOGIN_STATUS": ["LOGIN_X"]}, ["attempted"]),
        ({"EVENT_TYPE": ["Login"]}, ["attempted"]),
        ({"EventType": ["LoginEvent", "LoginAnomalyEvent"], "Status": ["Success", None]}, ["succeeded", None]),
        ({"EventType": ["LoginEventLog"], "LoginStatus": ["LOGIN_NO_ERROR"]}, ["succeeded"]),
        (
            {"LoginTime": ["2026-11-26T00:00:00Z"] * 2, "Status": ["Success", "Invalid Password"]},
            ["succeeded", "attempted"],
        ),
        ({"EVENT_TYPE": ["LoginAs", "Logout", "RestApi"]}, None),
        ({"Status": ["Success"]}, None),
    ],
)
def test_sign_ins_of_every_source_are_told_alike(columns: dict[str, Any], expected: list[str | None] | None) -> None:
    """Log files, streamed events, objects and the login history; other rows have no such column."""
    found = sign_in_columns({name: pl.Series(values, dtype=pl.String) for name, values in columns.items()})
    assert (found[SIGN_IN].to_list() if SIGN_IN in found else None) == expected


@pytest.mark.parametrize("column", ["USER_TYPE", "UserType"])
def test_a_guest_is_told_and_a_blank_type_is_not(column: str) -> None:
    """Who leaves the type blank counts as anybody."""
    found = sign_in_columns({column: pl.Series(["Guest", "GUEST", "Standard", "", None])})
    assert found[GUEST].to_list() == [True, True, None, None, None]


def test_rows_of_sites_say_it_in_a_column_of_their_own() -> None:
    """As 1 or true."""
    found = sign_in_columns({"IS_GUEST": pl.Series(["1", "true", "0", None])})
    assert found[GUEST].to_list() == [True, True, None, None]
