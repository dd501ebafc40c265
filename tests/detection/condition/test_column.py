"""Columns of every type that a frame can have."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import polars as pl
import pytest

from agent.columns.address_digits import digits
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


@pytest.mark.parametrize("kinds", [1, 3, 2_000])
def test_many_rows_are_judged_as_few_are(kinds: int) -> None:
    """Whether nearly all texts differ, few do, or there is none at all: as the same rows say in small frames."""
    cells = [None if row % 5 == 0 or kinds == 1 else f"x{row % kinds}Σς10.0.{row % 300}.1" for row in range(1_000)]
    addresses = [None if row % 7 == 0 else f"10.0.{row % 300}.{row % kinds % 260}" for row in range(1_000)]
    rows = pl.DataFrame({"field": cells, "other": addresses}, schema={"field": pl.String, "other": pl.String})
    tests = [*TESTS, Text("contains", frozenset({"7σσ", "99σ"}))]
    for node in (Match(name, test) for name in ("field", "other") for test in tests):
        parts = [Evaluation(rows[start : start + 100]).rows(node) for start in range(0, 1_000, 100)]
        mask = Evaluation(rows).rows(node)
        few = [hit for part in parts for hit in ([part] * 100 if isinstance(part, bool) else part.to_list())]
        assert ([mask] * 1_000 if isinstance(mask, bool) else mask.to_list()) == few


def test_addresses_as_digits() -> None:
    """Four octets of 0 to 255 in ASCII digits without leading zeros; anything else is no address."""
    known = {f"{octet}.1.20.{octet}": f"4{octet:02x}0114{octet:02x}" for octet in range(256)}
    wrong = [
        "256.1.1.1",
        "01.1.1.1",
        "1.1.1.00",
        "1.1.1",
        "1.1.1.1.1",
        "1.1.1.1 ",
        "\u0661.1.1.1",
        "",
        "1.1.1.1000",
        None,
    ]
    assert digits(pl.Series([*known, *wrong])).to_list() == [*known.values(), *[None] * len(wrong)]
    assert digits(pl.Series([], dtype=pl.String)).to_list() == []
