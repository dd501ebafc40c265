"""A schema that Salesforce gave, and payloads read by it.

The payload of an event is Avro binary without a header: whether it fits shows only in the reading.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import fastavro
import orjson

from agent.sources.real_time.avro.cell_text import cell, time_cell

MOST_PAYLOAD = 4 << 20
"""Bytes of an event. Salesforce's own limit is 1 MB (Pub/Sub API: allocations)."""
MOST_FIELDS = 2_000
"""Of a schema; the largest of Salesforce's has 50."""
DEEPEST = 20
"""Levels of records, lists and maps within each other."""

_NOT_AVRO = (
    *(EOFError, IndexError, KeyError, ValueError, TypeError, OverflowError, MemoryError, RecursionError),
    *(struct.error, ArithmeticError, AssertionError, AttributeError),
)
"""What fastavro raises for bytes that do not fit."""


class UnreadableEvent(Exception):
    """A payload that does not become a row; the text says why."""


class UnusableSchema(Exception):
    """A schema by which nothing can be read; the text says why."""


class AvroSchema:
    """How the events of one schema id are read."""

    def __init__(self, ident: str, text: str) -> None:
        """`text`: the Avro schema in JSON. Raises UnusableSchema."""
        self.id = ident
        document = _document(text)
        try:
            self._parsed = fastavro.parse_schema(document)
        except Exception as error:  # fastavro raises whatever it meets in a schema that is not one
            raise UnusableSchema(f"schema {ident[:60]} is not Avro: {str(error)[:200]}") from error
        self._cells: dict[str, Callable[[Any], str | None]] = {
            field["name"]: time_cell if _is_time(field) else cell for field in document["fields"]
        }

    def values(self, payload: bytes) -> dict[str, Any]:
        """The decoded fields of one event. Raises UnreadableEvent."""
        if len(payload) > MOST_PAYLOAD:
            raise UnreadableEvent(f"the event has {len(payload):,} bytes, more than {MOST_PAYLOAD:,}")
        stream = io.BytesIO(payload)
        try:
            values = fastavro.schemaless_reader(stream, self._parsed, None)
        except _NOT_AVRO as error:
            raise UnreadableEvent(f"the payload does not fit schema {self.id[:60]}: {_told(error)}") from error
        if left := len(payload) - stream.tell():
            raise UnreadableEvent(f"the payload does not fit schema {self.id[:60]}: {left:,} bytes are left over")
        if not isinstance(values, dict):
            raise UnreadableEvent(f"schema {self.id[:60]} is not that of a record")
        return values

    def columns(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[str | None]]:
        """For each field the cells of these rows."""
        return {name: [make(row[name]) for row in rows] for name, make in self._cells.items()}


def _told(error: Exception) -> str:
    """Why bytes do not fit, in words that are the same for the same defect: fastavro names objects by their place in memory."""
    if isinstance(error, EOFError):
        return "it ends too early"
    if isinstance(error, MemoryError | RecursionError):
        return "it would take more memory than there is"
    return re.sub(r"<[^>]*>", "the payload", str(error))[:200] or type(error).__name__


def _document(text: str) -> dict[str, Any]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UnusableSchema("the schema is not JSON") from error
    if not isinstance(document, dict) or document.get("type") != "record":
        raise UnusableSchema("the schema is not that of a record")
    fields = document.get("fields")
    if not isinstance(fields, list) or not all(
        isinstance(field, dict) and isinstance(field.get("name"), str) for field in fields
    ):
        raise UnusableSchema("the schema does not name its fields")
    if len(fields) > MOST_FIELDS:
        raise UnusableSchema(f"the schema has {len(fields):,} fields, more than {MOST_FIELDS:,}")
    for found in _endless(document, (), 0):
        raise UnusableSchema(found)
    return document


def _endless(kind: Any, within: tuple[str, ...], depth: int) -> Iterator[str]:
    """What in a schema lets a small payload take unlimited time or memory: records in themselves, lists of nothing."""
    if depth > DEEPEST:
        yield f"the schema is more than {DEEPEST} levels deep"
    elif isinstance(kind, list):
        for branch in kind:
            yield from _endless(branch, within, depth)
    elif isinstance(kind, str):
        if kind in within:
            yield f"the schema holds {kind[:60]} within itself"
    elif isinstance(kind, dict):
        yield from _endless_in(kind, within, depth + 1)


def _endless_in(kind: Mapping[str, Any], within: tuple[str, ...], depth: int) -> Iterator[str]:
    match kind.get("type"):
        case "record" | "error":
            name = str(kind.get("name"))
            full = f"{kind['namespace']}.{name}" if kind.get("namespace") else name
            for field in kind.get("fields") or ():
                yield from _endless(field.get("type"), (*within, name, full, full.rpartition(".")[2]), depth)
        case "array" | "map" as listing:
            entry = kind.get("items" if listing == "array" else "values")
            if listing == "array" and _is_nothing(entry):
                yield "the schema has a list of entries without content"
            yield from _endless(entry, within, depth)
        case "fixed" | "enum":
            return
        case nested:
            yield from _endless(nested, within, depth)


def _is_nothing(kind: Any) -> bool:
    """Whether a value of this type takes no byte."""
    if isinstance(kind, dict):
        fields = kind.get("fields")
        empty = isinstance(fields, list) and all(
            isinstance(field, dict) and _is_nothing(field.get("type")) for field in fields
        )
        return _is_nothing(kind.get("type")) or kind.get("size") == 0 or empty
    return bool(kind == "null")


def _is_time(field: Mapping[str, Any]) -> bool:
    """Whether a whole number of this field is a time: Salesforce says so in `doc` (`Data:DateTime`)."""
    kinds = str(field.get("doc") or "").split(":")
    return "DateTime" in kinds or field["name"] in ("CreatedDate", "EventDate")
