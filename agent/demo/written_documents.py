"""Reading back what the file destination wrote: nested ECS documents to flat frames with dotted names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from io import BytesIO

import polars as pl

BATCH_ROWS = 20_000

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
    frame = pl.read_ndjson(BytesIO(b"".join(lines)), infer_schema_length=None)
    while objects := [name for name, kind in frame.schema.items() if kind == pl.Struct]:
        frame = frame.unnest(objects, separator=".")
    return frame
