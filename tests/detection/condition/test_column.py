"""Columns of every type that a frame can have."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import polars as pl
import pytest

from agent.detection.condition.column import Column
from agent.detection.condition.evaluation import Evaluation
from agent.detection.condition.prefilter import Prefilter
from agent.detection.condition.tree import (
    Match,
    Network,
    Node,
    Null,
    Number,
    Reference,
    Regex,
    Test,
    Text,
    TimePart,
    Truth,
)
from tests.detection.conftest import condition_of

TESTS: list[Test] = [
    Text("equals", frozenset({"x"})),
    Text("contains", frozenset({"x", "y"})),
    Text("startswith", frozenset({""})),
    Text("like", frozenset({"(?s)^x.*y$"}), cased=True),
    Regex(frozenset({"x+"})),
    Number("gte", 5),
    Number("eq", 2**60),
    TimePart("hour", "lt", 300),
    Network(frozenset({("4" + "0" * 8, "4" + "f" * 8)})),
    Truth(value=True),
    Null(),
    Reference("other", "contains"),
]

COLUMNS = {
    "text": pl.Series(["x", None, ""]),
    "null": pl.Series([None, None, None]),
    "bool": pl.Series([True, None, False]),
    "int": pl.Series([5, None, -1]),
    "float": pl.Series([5.5, float("nan"), None]),
    "decimal": pl.Series([Decimal("5.5"), None, Decimal(1)]),
    "date": pl.Series([date(2026, 1, 1), None, None]),
    "time": pl.Series([time(1, 2), None, None]),
    "datetime": pl.Series([datetime(2026, 1, 1, 5, tzinfo=UTC), None, None]),
    "duration": pl.Series([timedelta(1), None, None]),
    "category": pl.Series(["x", None, "y"], dtype=pl.Categorical),
    "enum": pl.Series(["x", None, "y"], dtype=pl.Enum(["x", "y"])),
    "binary": pl.Series([b"x", None, b"\xff"]),
    "object": pl.Series([object(), None, object()], dtype=pl.Object),
    "struct": pl.Series([{"a": "x"}, None, {"a": None}]),
    "list": pl.Series([["x", None], None, []]),
    "numbers": pl.Series([[1, 5], None, []]),
    "array": pl.Series([["x", "y"], None, ["z", "z"]], dtype=pl.Array(pl.String, 2)),
    "structs": pl.Series([[{"a": "x"}], None, []]),
    "nested": pl.Series([[["x"]], None, []]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_every_test_has_an_answer_for_every_type(name: str) -> None:
    """True or false for each row, no exception, no null."""
    frame = pl.DataFrame({"field": COLUMNS[name], "other": ["x", "y", None]})
    for test in TESTS:
        node = Match("field", test)
        for prefilter, copies in ((None, 1), (Prefilter([node] * 2), 1), (None, 100)):
            rows = pl.concat([frame] * copies)
            mask = Evaluation(rows, prefilter=prefilter).rows(node)
            assert isinstance(mask, bool) or (mask.dtype == pl.Boolean and mask.null_count() == 0)
            assert isinstance(mask, bool) or len(mask) == 3 * copies


@pytest.mark.parametrize(
    ("name", "item", "expected"),
    [
        ("int", "field: 5", [True, False, False]),
        ("int", "field: '5'", [True, False, False]),
        ("bool", "field: 1", [False, False, False]),
        ("bool", "field: 'true'", [True, False, False]),
        ("float", "field|gt: 0", [True, False, False]),
        ("decimal", "field: 5.5", [True, False, False]),
        ("datetime", "field|hour: 5", [True, False, False]),
        ("datetime", "field|startswith: '2026-01-01T05'", [True, False, False]),
        ("list", "field: X", [True, False, False]),
        ("numbers", "field|gte: 5", [True, False, False]),
        ("array", "field: Y", [True, False, False]),
        ("category", "field: X", [True, False, False]),
        ("null", "field: null", [True, True, True]),
    ],
)
def test_typed_values_compare_as_what_they_are(name: str, item: str, expected: list[bool]) -> None:
    """Numbers as numbers and as their text, lists by any of their elements."""
    node: Node = condition_of(f"sel: {{{item}}}\ncondition: sel")
    mask = Evaluation(pl.DataFrame({"field": COLUMNS[name]})).rows(node)
    assert ([mask] * 3 if isinstance(mask, bool) else mask.to_list()) == expected


def test_work_is_done_once_per_distinct_value() -> None:
    """A column of a hundred thousand rows and two values has two values."""
    column = Column(pl.Series(["a", "b"] * 50_000))
    assert column.values.to_list() == ["a", "b"]
    mask = column.over_rows(column.lower == "b")
    assert isinstance(mask, pl.Series)
    assert mask.sum() == 50_000
