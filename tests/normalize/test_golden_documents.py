"""The documents of each mapped event type, against those kept beside the log files and rows, and against ECS."""

from __future__ import annotations

import ipaddress
from datetime import datetime
from typing import Any

import pytest

from agent.normalize.mapping.ecs_fields import ecs_table
from agent.sources.objects.catalogue import BEFORE, CHANGED, DIFFERENCE, SEEN, watched_objects
from agent.sources.real_time.catalogue import event_of
from tests.golden.documents import (
    SERVICE,
    golden_batch,
    golden_batches,
    golden_documents,
    golden_path,
    object_batch,
    to_lines,
)
from tests.normalize.batches import EVENT_TYPES, NORMALIZER, OBJECTS, REAL_TIME_EVENTS, flat, shaped

ALL = [*EVENT_TYPES, *REAL_TIME_EVENTS, *OBJECTS]


@pytest.mark.parametrize("event_type", ALL)
def test_golden_pair(event_type: str) -> None:
    """The rows of each mapped event type give exactly the documents beside them."""
    expected = golden_path(event_type).read_text(encoding="utf-8")
    assert to_lines(golden_documents(NORMALIZER, event_type)) == expected


def test_every_mapping_has_a_golden_pair() -> None:
    """A mapping without a golden pair fails the tests."""
    assert {mapping.event_type for mapping in NORMALIZER.mappings.all()} == set(ALL)


@pytest.mark.parametrize("event", REAL_TIME_EVENTS)
def test_golden_rows_have_the_whole_header(event: str) -> None:
    """The golden rows of a real-time event have every field of its mapping, and come from all places it is read from."""
    batches = golden_batches(event)
    columns = {name for batch in batches for name in batch.frame.columns} - {"event.id"}
    mapping = NORMALIZER.mappings.get(batches[0].source, event)
    assert columns == mapping.header
    assert {batch.event_type for batch in batches} == event_of(batches[0].event_type).spellings
    assert {batch.event_type for batch in batches} <= {mapping.event_type, *mapping.aliases}


@pytest.mark.parametrize("name", OBJECTS)
def test_golden_rows_of_an_object_have_the_whole_header(name: str) -> None:
    """The golden rows of an object have every field of its mapping, and of what is read of it."""
    batch = object_batch(name)
    columns = set(batch.frame.columns) - {"event.id"}
    assert columns == NORMALIZER.mappings.get(batch.source, name).header
    if name in watched_objects():
        watched = watched_objects()[name]
        snapshot = {DIFFERENCE, CHANGED, BEFORE, SEEN, "DifferenceDate"} if watched.reads == "snapshot" else set()
        assert columns == {*watched.fields} | snapshot
        assert batch.source == watched.source


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


@pytest.mark.parametrize("event_type", ALL)
def test_every_ecs_field_is_one(event_type: str) -> None:
    """Every field that is not our own exists in ECS, with its type, as an array where ECS wants one, its value allowed."""
    table = ecs_table().fields
    for doc in golden_documents(NORMALIZER, event_type):
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
    for batch in (batch for event_type in ALL for batch in golden_batches(event_type)):
        for name, dtype in shaped(batch).schema.items():
            if name.startswith("salesforce."):
                types.setdefault(name, set()).add(str(dtype))
    assert {name: found for name, found in types.items() if len(found) > 1} == {}
