"""In which rows a derived field has a value."""

from __future__ import annotations

import polars as pl

from agent.normalize.mapping.row_condition import RowCondition

FRAME = pl.DataFrame({"METHOD": ["GET", "post", None, "PATCH"], "leakline.resource": ["query", "sobjects/account", "query", None]})  # fmt: skip


def held(*cases: tuple[str, tuple[str, ...]]) -> list[bool]:
    columns = {column.name: column for column in FRAME.iter_columns()}
    return RowCondition(cases).holds(columns.get, FRAME.height).to_list()


def test_one_of_the_values_without_regard_to_case() -> None:
    """A row without a value fails."""
    assert held(("METHOD", ("get", "POST"))) == [True, True, False, False]


def test_a_star_stands_for_any_text() -> None:
    """At an end, at both, or alone for any value at all; a dot is a dot."""
    assert held(("leakline.resource", ("sobjects/*",))) == [False, True, False, False]
    assert held(("leakline.resource", ("*er*",))) == [True, False, True, False]
    assert held(("METHOD", ("*",))) == [True, True, False, True]
    assert held(("leakline.resource", ("quer.",))) == [False, False, False, False]


def test_every_column_must_hold() -> None:
    """A column that the frame has not holds nowhere; without columns everything holds."""
    assert held(("METHOD", ("GET",)), ("leakline.resource", ("query",))) == [True, False, False, False]
    assert held(("METHOD", ("GET",)), ("OTHER", ("*",))) == [False, False, False, False]
    assert held() == [True, True, True, True]
