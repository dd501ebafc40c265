"""What can be remarkable about the time of an event, and the fields that say so.

Only rows with a flag have these fields, and a batch without such a row has no such columns:

- `leakline.time.flags` (`List(String)`): what is remarkable, in the order of `FLAGS`.
- `leakline.time.lag` (`Int64`, seconds): from the event's time to when Leakline first saw it; negative for one that is
  ahead of the clock, null for one without a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

import polars as pl

from agent.columns.array_fields import lists_of
from agent.columns.distinct import only_where
from agent.model import TimeFlag

FLAGS: tuple[TimeFlag, ...] = get_args(TimeFlag)

FLAGS_FIELD = "leakline.time.flags"
LAG_FIELD = "leakline.time.lag"

SECOND = 1_000
"""Milliseconds."""


def with_flags(shaped: pl.DataFrame, found: Mapping[TimeFlag, pl.Series], seen: int) -> pl.DataFrame:
    """The shaped frame with the two fields. `found`: the rows (`Boolean`, without nulls) that have each flag, at least one
    row in all; `seen`: when the rows were first seen, in milliseconds since 1970.
    """
    known = [(flag, found[flag]) for flag in FLAGS if flag in found]
    words = [only_where(pl.repeat(flag, rows.len(), eager=True), rows) for flag, rows in known]
    lists = lists_of(words)
    lag = (seen - shaped["@timestamp"].to_physical()) // SECOND
    return shaped.with_columns(lists.alias(FLAGS_FIELD), only_where(lag, lists.is_not_null()).alias(LAG_FIELD))


def marked(prepared: pl.DataFrame, flags: Sequence[TimeFlag]) -> pl.DataFrame:
    """A prepared frame with the flags that its source knows of all rows (`agent.model.Batch.time_flags`), which rules see.
    The others are found at the commit, and are in the shaped frame only.
    """
    if not flags or not prepared.height:
        return prepared
    lists = pl.Series(FLAGS_FIELD, [list(flags)], dtype=pl.List(pl.String))
    return prepared.with_columns(lists.new_from_index(0, prepared.height))


def of_every_row(flags: Sequence[TimeFlag], height: int) -> dict[TimeFlag, pl.Series]:
    """Flags that a source knows of all rows of a batch (`agent.model.Batch.time_flags`)."""
    return {flag: pl.repeat(True, height, dtype=pl.Boolean, eager=True) for flag in flags}
