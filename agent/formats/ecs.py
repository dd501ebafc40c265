"""Nested JSON in Elastic Common Schema: a shaped frame to one document a row, on one line.

Dotted names become objects. Nulls, and objects with nothing in them, are left out; times are ISO 8601 with
milliseconds in UTC; a number that JSON cannot say (NaN, infinity) is left out. Where a field has both a value and
fields below it (`a` and `a.b`, which no index can hold), the value goes to `a.value` (`a.value_` if that is taken).
"""

from __future__ import annotations

import polars as pl

from agent.columns.small import SMALL
from agent.formats import json_columns, json_rows

_SENT = "event.ingested"
"""Each destination says it when it sends; rows spooled by an older version have it as a column."""


def encode(frame: pl.DataFrame) -> pl.Series:
    """One JSON document a row. `frame`: shaped (`agent.model`); scalars, times, and lists of these.

    In each object first come the keys that all rows of the frame have. Raises TypeError for a column of another type.
    """
    columns = [column for column in frame.iter_columns() if column.name != _SENT]
    documents = json_rows.documents if frame.height <= SMALL else json_columns.documents
    return documents(columns, frame.height)
