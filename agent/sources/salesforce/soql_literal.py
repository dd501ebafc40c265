"""Writing values into SOQL text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from urllib.parse import quote_plus

MAX_LIST_BYTES = 8_000
"""Room for an `IN` list once percent-encoded; Salesforce takes URIs up to 16,384 bytes."""


def text(value: str) -> str:
    """A quoted string literal."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"


def time(value: datetime) -> str:
    """A datetime literal: never quoted, in UTC, to the second as CreatedDate is."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def lists(values: Iterable[str]) -> Iterator[str]:
    """`('a','b')` lists for `IN` that together hold all `values` and each fit a URI."""
    part: list[str] = []
    size = 0
    for value in map(text, values):
        length = len(quote_plus(value)) + 3
        if part and size + length > MAX_LIST_BYTES:
            yield f"({','.join(part)})"
            part, size = [], 0
        part.append(value)
        size += length
    if part:
        yield f"({','.join(part)})"
