"""The documents of each mapped event type, against those kept beside the log files, and against ECS."""

from __future__ import annotations

import ipaddress
from datetime import datetime
from typing import Any

import pytest

from agent.normalize.mapping.ecs_fields import ecs_table
from tests.golden.documents import (
    FOLDER,
    SERVICE,
    documents,
    golden_batch,
    to_lines,
)
from tests.normalize.batches import EVENT_TYPES, NORMALIZER, flat, shaped


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_golden_pair(event_type: str) -> None:
    """A log file of each mapped event type gives exactly the documents beside it."""
    expected = (FOLDER / f"{event_type}.ndjson").read_text(encoding="utf-8")
    assert to_lines(documents(NORMALIZER, golden_batch(event_type))) == expected


def test_every_mapping_has_a_golden_pair() -> None:
    """A mapping without a golden pair fails the tests."""
    assert {mapping.event_type for mapping in NORMALIZER.mappings.all()} == set(EVENT_TYPES)


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_golden_file_has_the_whole_header(event_type: str) -> None:
    """A golden log file has every column of its event type, but two that are documented and were never seen."""
    columns = set(golden_batch(event_type).frame.columns) - {"event.id"}
    missing = NORMALIZER.mappings.get(SERVICE, event_type).header ^ columns
    assert missing <= {"SECURE_CONNECT_START", "QUERY_ID"}


def _fits(ecs_type: str, value: Any) -> bool:
    match ecs_type:
        case "long" | "integer":
            return type(value) is int and -(2**63) <= value < 2**63
        case "boolean":
            return type(value) is bool
        case "date":
            return datetime.fromisoformat(value).tzinfo is not None
        case "ip":
            return bool(ipaddress.ip_address(value))
        case "keyword" | "wildcard" | "match_only_text" | "constant_keyword":
            return type(value) is str
    return False


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_ecs_field_is_one(event_type: str) -> None:
    """Every field that is not our own exists in ECS, with its type, as an array where ECS wants one, its value allowed."""
    table = ecs_table().fields
    for doc in documents(NORMALIZER, golden_batch(event_type)):
        for name, value in flat(doc).items():
            if name.startswith(("salesforce.", "leakline.")):
                continue
            field = table[name]
            values = value if field.array else [value]
            assert isinstance(value, list) == field.array, name
            assert all(_fits(field.type, item) for item in values), (name, value)
            assert not field.values or set(values) <= set(field.values), (name, value)


def test_a_field_of_ours_has_one_type_everywhere() -> None:
    """No `salesforce.*` field has two types over the golden documents of all event types."""
    types: dict[str, set[str]] = {}
    for event_type in EVENT_TYPES:
        for name, dtype in shaped(golden_batch(event_type)).schema.items():
            if name.startswith("salesforce."):
                types.setdefault(name, set()).add(str(dtype))
    assert {name: found for name, found in types.items() if len(found) > 1} == {}
