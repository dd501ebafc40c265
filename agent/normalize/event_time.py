"""The time of a row. Two columns tell it, in two spellings.

`TIMESTAMP_DERIVED` is ISO 8601 with milliseconds and `Z`; `TIMESTAMP` is `yyyyMMddHHmmss.SSS` in GMT, whose fraction
may be short or missing. A row without a readable time has none: "now" would give a replayed row another one.
All times are `Datetime("ms", "UTC")`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import polars as pl
import pyarrow as pa

from agent.columns.ascii_block import block
from agent.columns.small import SMALL
from agent.columns.timestamp import COMPACT_SECONDS, TIME

# Both are in milliseconds and in UTC, as `TIME` is, so writing loses nothing and needs no zone.
ISO = "%Y-%m-%dT%H:%M:%S%.3fZ"
COMPACT = COMPACT_SECONDS + "%.3f"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_WITHOUT_MARKS = str.maketrans("", "", "-T:Z")
"""Makes the compact spelling of the other one."""

_ISO_CELL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
_ISO_SHAPE = b"    -  -  T  :  :  .   Z"


def read_time(derived: pl.Series | None, compact: pl.Series | None) -> pl.Series:
    """The time of each row: from the first column where it says one, else from the second; null where neither does."""
    if derived is None:
        return _read(compact) if compact is not None else pl.Series(dtype=TIME)
    time = _read(derived)
    if compact is None or time.null_count() == 0:
        return time
    # TIMESTAMP_DERIVED comes first: both tell the same moment, and Arrow reads it for the whole column at once.
    missing = time.is_null()
    return time.scatter(missing.arg_true(), _read(compact.filter(missing)))


def _read(text: pl.Series) -> pl.Series:
    """Cells in either spelling (`String`) to `TIME`; null for what is not a time."""
    parsed = _read_plain(text) if text.len() <= SMALL else None
    if parsed is None:
        parsed = _read_iso(text)
    return _read_any(text) if parsed is None else parsed


def _read_plain(text: pl.Series) -> pl.Series | None:
    """A small column of cells as `write_iso` spells them (`String`) to `TIME`; None if any is not."""
    cells = text.to_list()
    if not all(cell is not None and _ISO_CELL.fullmatch(cell) for cell in cells):
        return None
    try:
        times = [(datetime.fromisoformat(cell) - _EPOCH) // _MILLISECOND for cell in cells]
    except ValueError:  # such as a thirteenth month
        return None
    return pl.Series(text.name, times, dtype=pl.Int64).cast(TIME)


def _read_iso(text: pl.Series) -> pl.Series | None:
    """Cells (`String`) to `TIME`; None if any is not ISO 8601 with a zone.

    Arrow's parser is ten times faster than a format string, but refuses the whole column for one cell.
    """
    try:
        # A method, for `pyarrow.compute` takes a tenth of a second to import, which few rows do without.
        parsed = text.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.timestamp("ms", "UTC"))
    except pa.ArrowInvalid:
        return None
    return pl.Series(text.name, pl.from_arrow(parsed), dtype=TIME)


def _read_any(text: pl.Series) -> pl.Series:
    """As `_read`, cell by cell: of each what can be read, whatever the others are."""
    time = pl.col("text")
    # Only zones that mean UTC are taken off: any other offset is not the vendor's, and the cell gives no time.
    iso = time.str.replace(r"(Z|[+-]00:?00)$", "").str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="ms", strict=False)
    seconds = time.str.extract(r"^(\d{14})(?:\.\d*)?$").str.to_datetime(COMPACT_SECONDS, time_unit="ms", strict=False)
    # `.7` is 700 ms, not 7: padded on the right. Digits beyond the third are cut off.
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
    """Whether each cell (`String`) is surely `time` (`TIME`), spelled as `write_iso` would.

    The cells are parsed again and looked at in fixed places: writing the times would cost more. False: compare.
    """
    if text.len() <= SMALL:
        plain = _read_plain(text)
        return plain is not None and plain.equals(time)
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
    if text.len() <= SMALL:
        return text.to_list() == [cell.translate(_WITHOUT_MARKS) for cell in iso.to_list()]
    compact, content = block(text, 18), block(iso, len(_ISO_SHAPE))
    if compact is None or content is None:
        return False
    # The 17 digits of ISO and the point before the fraction, in their order, are the 18 characters of the other form.
    places = [place for place, mark in enumerate(_ISO_SHAPE) if mark in b" ."]
    return all(compact[to::18] == content[place :: len(_ISO_SHAPE)] for to, place in enumerate(places))
