"""Decoded values as the cells that the REST API would give, and schemas that nothing is read by."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from agent.sources.real_time.avro.avro_schema import AvroSchema, UnreadableEvent, UnusableSchema
from agent.sources.real_time.avro.cell_text import cell, time_cell
from tests.scripted_pubsub.scripted_topic import payload_of, schema_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("", None),
        (" ", " "),
        (True, "true"),
        (7, "7"),
        (120.0, "120"),
        (-0.5, "-0.5"),
        (1e-7, "0.0000001"),
        (1e22, "10000000000000000000000"),
        (float("nan"), "nan"),
        (Decimal("10.500"), "10.5"),
        (b"\x00\xff", "AP8="),
        (dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC), "2026-07-01T12:00:00.000Z"),
        ({"a": [1, None], "b": b"\x00"}, '{"a":[1,null],"b":"AA=="}'),
    ],
)
def test_a_value_is_written_as_rest_writes_it(value: Any, text: str | None) -> None:
    """Numbers without an exponent and without zeros at the end, nothing as null, what is nested as JSON."""
    assert cell(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1_795_687_200_000, "2026-11-26T10:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (2**62, str(2**62)),
        (None, None),
    ],
)
def test_a_time_is_written_with_milliseconds(value: Any, text: str | None) -> None:
    """One beyond the calendar stays the number that it is."""
    assert time_cell(value) == text


def test_fields_of_any_kind_are_columns() -> None:
    """Nested records and unions are JSON text; times are known by what Salesforce writes beside them."""
    nested = {"type": "record", "name": "Inner", "fields": [{"name": "x", "type": ["null", "int"]}]}
    text = schema_of({"CreatedDate": "long", "LockoutDate": ["null", "long"], "Deep": ["null", nested, "string"]})
    rows = [
        AvroSchema("s", text).values(payload_of(text, {"CreatedDate": 0, "LockoutDate": 1000, "Deep": deep}))
        for deep in ({"x": 5}, "plain", None)
    ]
    assert AvroSchema("s", text).columns(rows) == {
        "CreatedDate": ["1970-01-01T00:00:00.000Z"] * 3,
        "LockoutDate": ["1970-01-01T00:00:01.000Z"] * 3,
        "Deep": ['{"x":5}', "plain", None],
    }


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("not JSON", "not JSON"),
        ('"string"', "not that of a record"),
        ('{"type": "record", "name": "X"}', "does not name its fields"),
        ('{"type": "record", "name": "X", "fields": [{"name": "a", "type": "unheard"}]}', "not Avro"),
        (schema_of({"a": {"type": "array", "items": "null"}}), "without content"),
        (
            schema_of({"a": {"type": "array", "items": {"type": "record", "name": "E", "fields": []}}}),
            "without content",
        ),
        (schema_of({"a": ["null", "Event"]}), "within itself"),
        (schema_of({"a": ["null", "com.sforce.eventbus.Event"]}), "within itself"),
        (schema_of({f"f{number}": "int" for number in range(2001)}), "2,001 fields"),
        (json.dumps({"type": "record", "name": "X", "fields": [{"name": "a", "type": "[" * 30}]}), "not Avro"),
    ],
)
def test_a_schema_without_bounds_is_refused(document: str, reason: str) -> None:
    """What is not Avro, and what would let a few bytes take unlimited time or memory."""
    with pytest.raises(UnusableSchema, match=reason):
        AvroSchema("s", document)


@pytest.mark.parametrize(
    "payload", [b"", b"\x02", b"\x00\x09", b"\x00\x02\xfe\xff\xff\xff\xff\xff\xff\xff\x7f", b"\x00\x02\x04\xff\xff"]
)
def test_bytes_that_do_not_fit_are_said_to(payload: bytes) -> None:
    """Cut, a branch that there is not, a length beyond all bounds, text that is not UTF-8."""
    with pytest.raises(UnreadableEvent, match="does not fit"):
        AvroSchema("s", schema_of({"a": "long", "b": ["null", "string"]})).values(payload)


def test_a_payload_that_ends_too_early_is_said_to_in_words_that_do_not_change() -> None:
    """What fastavro says names an object by its place in memory, so that no two reasons were the same."""
    with pytest.raises(UnreadableEvent, match=r"^the payload does not fit schema s: it ends too early$"):
        AvroSchema("s", schema_of({"a": "double"})).values(b"\x02")
