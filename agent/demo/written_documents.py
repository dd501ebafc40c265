"""Reading back what the file destination wrote: nested ECS documents to flat frames with dotted names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

import polars as pl
import pyarrow as pa
from pyarrow import json

BATCH_ROWS = 20_000
_FIRST = 100
"""Documents that are looked at for texts that Arrow would take for times."""

_PROVIDER = re.compile(rb'"provider":"([^"]*)"')


def read_documents(lines: Iterable[bytes]) -> Iterator[pl.DataFrame]:
    """Frames of documents, nearly always of one `event.provider` each, in no particular order; lists stay lists.

    A frame has a column for each key of any document, of the type that its values have; null where a document has no such key.
    """
    # Documents of one type share their columns: one frame of all types would be a thousand columns of nulls.
    waiting: dict[bytes, list[bytes]] = {}
    for line in lines:
        found = _PROVIDER.search(line)
        alike = waiting.setdefault(found[1] if found else b"", [])
        alike.append(line)
        if len(alike) == BATCH_ROWS:
            yield _frame(alike)
            alike.clear()
    yield from (_frame(alike) for alike in waiting.values() if alike)


def _frame(lines: list[bytes]) -> pl.DataFrame:
    try:
        frame = _read(lines)
    except pa.ArrowInvalid:  # a key whose values are texts here and numbers there: Polars makes texts of all
        frame = pl.read_ndjson(BytesIO(b"".join(lines)), infer_schema_length=None)
    while objects := [name for name, kind in frame.schema.items() if kind == pl.Struct]:
        frame = frame.unnest(objects, separator=".")
    return frame


def _read(lines: list[bytes]) -> pl.DataFrame:
    """By Arrow's reader, which takes a third of the time of Polars'. Raises ArrowInvalid."""
    table = _table(lines, _texts(_table(lines[:_FIRST]).schema))
    if any(_has_times(field.type) for field in table.schema):
        table = _table(lines, _texts(table.schema))
    frame = pl.from_arrow(table)
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()


def _table(lines: list[bytes], known: pa.Schema | None = None) -> pa.Table:
    text = b"".join(lines)
    whole = json.ReadOptions(use_threads=False, block_size=len(text))  # types are found out block by block
    return json.read_json(BytesIO(text), read_options=whole, parse_options=json.ParseOptions(explicit_schema=known))


def _texts(schema: pa.Schema) -> pa.Schema:
    """For another reading: the fields that are texts, those among them that Arrow took for times. It finds out the others."""
    return pa.schema(_text_fields(schema))


def _text_fields(fields: Iterable[Any]) -> list[Any]:
    return [pa.field(field.name, kind) for field in fields if (kind := _text_kind(field.type)) is not None]


def _text_kind(kind: Any) -> Any:
    """A type of Arrow with texts for times, and without what is neither; None: nothing is left of it."""
    if pa.types.is_timestamp(kind) or pa.types.is_string(kind):
        return pa.string()
    if pa.types.is_struct(kind):
        return pa.struct(found) if (found := _text_fields(kind)) else None
    if pa.types.is_list(kind):
        return None if (inner := _text_kind(kind.value_type)) is None else pa.list_(inner)
    return None


def _has_times(kind: Any) -> bool:
    if pa.types.is_struct(kind):
        return any(_has_times(field.type) for field in kind)
    return _has_times(kind.value_type) if pa.types.is_list(kind) else bool(pa.types.is_timestamp(kind))
