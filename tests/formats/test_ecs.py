from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import polars as pl
import pytest
from hypothesis import given, settings

from agent.formats.ecs import encode
from agent.formats.json_tree import tree
from tests.formats.json_frames import frames


def plain(value: Any) -> Any:
    """A cell as the oracle wants it; None for what is left out."""
    match value:
        case float() if not math.isfinite(value):
            return None
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
        case list():
            return [element for element in map(plain, value) if element is not None]
    return value


def nested(row: dict[str, Any]) -> dict[str, Any]:
    """The documented nesting, a row at a time: nulls left out, `a` beside `a.b` moved to `a.value`."""
    root: dict[str, Any] = {}
    present = {name: plain(value) for name, value in row.items()}
    for name in sorted(row):
        *path, last = placed(name, set(row)).split(".")
        if present[name] is None:
            continue
        node = root
        for key in path:
            node = node.setdefault(key, {})
        assert last not in node
        node[last] = present[name]
    return root


def placed(name: str, names: set[str]) -> str:
    """The names drawn here hold no `value`, so one step is enough."""
    return f"{name}.value" if any(other.startswith(name + ".") for other in names) else name


def drop_empty_columns(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns without a value in any row do not move others aside."""
    return frame.select([c for c in frame if any(plain(v) is not None for v in c.to_list())])


@settings(max_examples=300)
@given(frames())
def test_documents_are_the_nested_rows(frame: pl.DataFrame) -> None:
    """Every line is JSON, and says what the row says: nested, nulls left out, nothing twice, nothing else."""
    lines = encode(frame)
    rows = drop_empty_columns(frame).to_dicts() or [{} for _ in range(frame.height)]
    assert lines.dtype == pl.String
    assert (lines.len(), lines.null_count()) == (frame.height, 0)
    for line, row in zip(lines, rows, strict=True):
        assert "\n" not in line
        document = json.loads(line, object_pairs_hook=without_repeats)
        assert document == orjson.loads(orjson.dumps(nested(row)))
        assert orjson.loads(line) == document


def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


@pytest.mark.parametrize("code", [*range(0x20), 0x22, 0x5C, 0x7F, 0x85, 0x2028, 0x2029, 0xFFFD, 0x1F600])
def test_every_awkward_character_survives(code: int) -> None:
    """Control characters, quotes, backslashes and line separators come back from any JSON parser."""
    value = f"a{chr(code)}b"
    frame = pl.DataFrame({"x": [value, "plain"], "l": [[value], [value, value]], "constant": [value, value]})
    assert [orjson.loads(line) for line in encode(frame)] == frame.to_dicts()


def test_a_short_value_among_long_ones_is_escaped() -> None:
    """Escaping does not depend on how a value is stored."""
    frame = pl.DataFrame({"x": ["plain", "a much longer value than twelve bytes", '"', "another rather long value \t"]})
    assert [orjson.loads(line) for line in encode(frame[1:])] == frame[1:].to_dicts()


def test_times_are_in_utc_with_milliseconds() -> None:
    """Times of other zones, precisions and without a zone are written alike, cut to milliseconds."""
    moment = datetime(2026, 11, 20, 13, 5, 7, 89999, tzinfo=timezone(timedelta(0)))
    frame = pl.DataFrame(
        [
            pl.Series("utc", [moment], dtype=pl.Datetime("us", "UTC")),
            pl.Series("naive", [moment.replace(tzinfo=None)], dtype=pl.Datetime("us")),
            pl.Series("zone", [moment.astimezone(ZoneInfo("Asia/Kolkata"))], dtype=pl.Datetime("us", "Asia/Kolkata")),
            pl.Series("ns", [moment], dtype=pl.Datetime("ns", "UTC")),
        ]
    )
    assert set(orjson.loads(encode(frame)[0]).values()) == {"2026-11-20T13:05:07.089Z"}


def test_numbers_that_json_cannot_say_are_left_out() -> None:
    """NaN and infinity make neither a broken document nor a null."""
    frame = pl.DataFrame({"x": [math.nan, 1.5, -math.inf], "l": [[1.0, math.nan], [math.inf], [2.0]]})
    assert [orjson.loads(line) for line in encode(frame)] == [{"l": [1.0]}, {"x": 1.5, "l": []}, {"l": [2.0]}]


def test_a_value_beside_fields_below_it_moves_down() -> None:
    """`a` beside `a.b` is written as `a.value`; without `a.b` in the batch it stays where it is."""
    frame = pl.DataFrame({"a": [1], "a.b": [2]})
    assert encode(frame).to_list() == ['{"a":{"b":2,"value":1}}']
    assert encode(frame.select("a")).to_list() == ['{"a":1}']


def test_a_moved_value_never_meets_one_that_is_there() -> None:
    """`a`, `a.b`, `a.value` and what is below `a.value_` stay apart."""
    frame = pl.DataFrame({"a": [1], "a.b": [2], "a.value": [3], "a-b": [4], "a.value_.c": [5]})
    assert encode(frame).to_list() == ['{"a-b":4,"a":{"b":2,"value":3,"value_":{"c":5},"value__":1}}']


def test_rows_without_anything_are_empty_documents() -> None:
    """A row of nulls is `{}`, alone and beside others; no rows give no lines."""
    frame = pl.DataFrame({"a.b": [None, "x"], "a.c": [None, None], "d": [None, 1]}, schema_overrides={"a.c": pl.String})
    assert encode(frame).to_list() == ["{}", '{"a":{"b":"x"},"d":1}']
    assert encode(frame[:1]).to_list() == ["{}"]
    assert encode(frame.clear()).to_list() == []
    assert encode(frame.clear()).dtype == pl.String


def test_objects_nobody_fills_are_left_out() -> None:
    """An object whose fields are all null in a row is not in that row's document."""
    frame = pl.DataFrame(
        {"id": [1, 2, 3], "g.x": ["a", None, None], "g.y.z": [None, "b", None], "g.y.w": [None, 5, None]}
    )
    assert encode(frame).to_list() == ['{"id":1,"g":{"x":"a"}}', '{"id":2,"g":{"y":{"w":5,"z":"b"}}}', '{"id":3}']


def test_a_column_without_a_form_in_json_is_named() -> None:
    """What cannot be written is a mistake of whoever made the frame, and says so."""
    with pytest.raises(TypeError, match=r"took.*Duration"):
        encode(pl.DataFrame({"took": [timedelta(seconds=1), timedelta(seconds=2)]}))


def test_the_tree_keeps_every_column() -> None:
    """Each column is a leaf of the tree exactly once."""
    names = ["b", "a.b.c", "a", "a.b", "a.value", "a.value.value", "a-", "a.b-"]
    assert sorted(leaves(tree(names))) == sorted(names)


def leaves(node: Any) -> list[str]:
    return [node] if isinstance(node, str) else [leaf for child in node.values() for leaf in leaves(child)]
