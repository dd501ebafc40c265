"""Reading back what the file destination wrote: nested ECS documents to flat frames with dotted names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson
import polars as pl

BATCH_ROWS = 20_000


def read_documents(lines: Iterable[bytes]) -> Iterator[pl.DataFrame]:
    """Frames of documents of one `event.provider` each, in no particular order; lists stay lists."""
    waiting: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        document = flat(orjson.loads(line))
        rows = waiting.setdefault(str(document.get("event.provider")), [])
        rows.append(document)
        if len(rows) == BATCH_ROWS:
            yield _frame(rows)
            rows.clear()
    yield from (_frame(rows) for rows in waiting.values() if rows)


def flat(document: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"a": {"b": 1}}` as `{"a.b": 1}`."""
    fields: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            fields |= flat(value, f"{prefix}{name}.")
        else:
            fields[prefix + name] = value
    return fields


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """A column for each key of any row, of the type that its values have; null where a row has no such key."""
    return pl.DataFrame(rows, infer_schema_length=None, strict=False)
