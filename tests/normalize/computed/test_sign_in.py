from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from agent.normalize.computed.sign_in import SIGN_IN, sign_in_columns


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"EVENT_TYPE": ["Login"] * 2, "LOGIN_STATUS": ["LOGIN_NO_ERROR", "LOGIN_X"]}, ["succeeded", "attempted"]),
        (
            {
                "EVENT_TYPE": ["Login"] * 4,
                "LOGIN_STATUS": ["", None, "", "LOGIN_X"],
                "REQUEST_STATUS": ["S", "", "F", "S"],
            },
            ["succeeded", "succeeded", "attempted", "attempted"],
        ),
        ({"EventType": ["LoginEvent"] * 2, "Status": ["", None]}, ["succeeded"] * 2),
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
