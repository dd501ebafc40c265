"""The time of a row. Two columns tell it, in two spellings.

`TIMESTAMP_DERIVED` is ISO 8601 with milliseconds and `Z`; `TIMESTAMP` is `yyyyMMddHHmmss.SSS` in GMT, whose fraction
may be short or missing. A row without a readable time has none: "now" would give a replayed row another one.
All times are `Datetime("ms", "UTC")`.
"""

from __future__ import annotations

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from agent.columns.ascii_block import block
from agent.columns.timestamp import COMPACT_SECONDS, TIME

ISO = "%Y-%m-%dT%H:%M:%S%.3fZ"
COMPACT = COMPACT_SECONDS + "%.3f"


_ISO_SHAPE = b"    -  -  T  :  :  .   Z"


def read_time(derived: pl.Series | None, compact: pl.Series | None) -> pl.Series:
    """The time of each row: from the first column where it says one, else from the second; null where neither does."""
    if derived is None:
        return _read(compact) if compact is not None else pl.Series(dtype=TIME)
    time = _read(derived)
    if compact is None or time.null_count() == 0:
        return time
    missing = time.is_null()
    return time.scatter(missing.arg_true(), _read(compact.filter(missing)))


def _read(text: pl.Series) -> pl.Series:
    parsed = _read_iso(text)
    return _read_any(text) if parsed is None else parsed


def _read_iso(text: pl.Series) -> pl.Series | None:
    """Arrow's ISO 8601 parser is ten times faster than a format string, but refuses the whole column for one cell."""
    try:
        parsed = pc.cast(text.to_arrow(compat_level=pl.CompatLevel.oldest()), pa.timestamp("ms", "UTC"))
    except pa.ArrowInvalid:
        return None
    return pl.Series(text.name, pl.from_arrow(parsed), dtype=TIME)


def _read_any(text: pl.Series) -> pl.Series:
    time = pl.col("text")
    iso = time.str.replace(r"(Z|[+-]00:?00)$", "").str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="ms", strict=False)
    seconds = time.str.extract(r"^(\d{14})(?:\.\d*)?$").str.to_datetime(COMPACT_SECONDS, time_unit="ms", strict=False)
    fraction = time.str.extract(r"\.(\d{1,3})").str.pad_end(3, "0").cast(pl.Int64, strict=False).fill_null(0)
    both = pl.coalesce(iso, seconds + pl.duration(milliseconds=fraction, time_unit="ms"))
    return text.to_frame("text").select(both.dt.replace_time_zone("UTC").cast(TIME)).to_series().alias(text.name)


def write_iso(time: pl.Series) -> pl.Series:
    """Times as `TIMESTAMP_DERIVED` spells them."""
    return time.dt.to_string(ISO)


def write_compact(time: pl.Series) -> pl.Series:
    """Times as `TIMESTAMP` spells them."""
    return time.dt.to_string(COMPACT)


def is_plain_iso(text: pl.Series, time: pl.Series) -> bool:
    """Whether each cell is surely `time`, spelled as `write_iso` would: parsed again, and looked at in fixed places."""
    content = block(text, len(_ISO_SHAPE))
    if content is None or any(
        content[place :: len(_ISO_SHAPE)].count(mark) != text.len()
        for place, mark in enumerate(_ISO_SHAPE)
        if mark != ord(" ")
    ):
        return False
    parsed = _read_iso(text)
    return parsed is not None and parsed.equals(time)


def is_plain_compact(text: pl.Series, iso: pl.Series) -> bool:
    """Whether each cell is surely the same time as `iso`, spelled as `write_compact` would.

    `iso`: cells that `is_plain_iso` holds for. The digits are compared place by place.
    """
    compact, content = block(text, 18), block(iso, len(_ISO_SHAPE))
    if compact is None or content is None:
        return False
    places = [place for place, mark in enumerate(_ISO_SHAPE) if mark in b" ."]
    return all(compact[to::18] == content[place :: len(_ISO_SHAPE)] for to, place in enumerate(places))
