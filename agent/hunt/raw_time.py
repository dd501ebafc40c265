"""When raw events say they were: the spellings of time that are met in NDJSON, as UTC."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl

from agent.columns.array_fields import single_value
from agent.columns.timestamp import COMPACT_SECONDS, TIME

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_COMPACT = re.compile(r"\d{14}(\.\d+)?")
"""As Salesforce writes TIMESTAMP: 20260701080000.123. Asked before `_NUMBER`, or its 14 digits would be seconds."""

_NUMBER = re.compile(r"\d{9,19}(\.\d*)?")
_PER_SECOND = {13: 10**3, 16: 10**6, 19: 10**9}
"""Units in a second, by the digits of a number of them in our time: from 2001-09-09 to 2286-11-20 seconds have ten
digits, milliseconds 13, microseconds 16, nanoseconds 19. A number of any other length is taken for seconds."""


def times(frame: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """`Datetime[ms, UTC]`: of each row the first of the columns `names` that holds a time; null where none does."""
    found = pl.Series("@timestamp", [None], dtype=TIME).new_from_index(0, frame.height)
    for name in names:
        if name in frame.columns and found.null_count():
            found = found.zip_with(found.is_not_null(), _read(single_value(frame[name])))
    return found


def _read(column: pl.Series) -> pl.Series:
    """A column of any type to `TIME`: text and numbers by `written`, once per distinct one; lists, objects are null."""
    if isinstance(column.dtype, pl.Datetime):
        # A column that was parsed before; no zone means UTC here as in text.
        return column.cast(TIME) if column.dtype.time_zone else column.dt.replace_time_zone("UTC").cast(TIME)
    if column.dtype.is_nested():
        return pl.Series([None], dtype=TIME).new_from_index(0, column.len())
    texts = column.cast(pl.String)
    known = texts.drop_nulls().unique()
    read = pl.Series([parse_time(text) for text in known], dtype=TIME)
    return texts.replace_strict(known, read, default=None, return_dtype=TIME)


def parse_time(text: str) -> datetime | None:
    """ISO 8601, Salesforce's compact form, or a number of seconds, milli-, micro- or nanoseconds since 1970.

    A time without a zone is UTC. None for anything else.
    """
    text = text.strip()
    try:
        if _COMPACT.fullmatch(text):
            return datetime.strptime(text[:14], COMPACT_SECONDS).replace(tzinfo=UTC) + _fraction(text[14:])
        if _NUMBER.fullmatch(text):
            whole, _, rest = text.partition(".")
            # In whole microseconds: nanoseconds in a float would lose the last three digits and more.
            units = _PER_SECOND.get(len(whole), 1)
            return EPOCH + timedelta(microseconds=int(whole) * 10**6 // units) + _fraction("." + rest)
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _fraction(text: str) -> timedelta:
    """`.123` of a second; what is finer than a microsecond is cut off, not rounded, so that no time moves ahead."""
    return timedelta(microseconds=int(text[1:7].ljust(6, "0")))
