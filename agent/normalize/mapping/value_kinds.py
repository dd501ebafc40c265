"""Kinds of value: from the text of a cell to the value a field holds, and back to the text.

A cell that its kind cannot read is null in the field; a cell that cannot be written back as it was is kept beside the
fields (see `raw_cells.py`), so reading may be as willing as it likes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from urllib.parse import unquote, unquote_plus

import polars as pl

from agent.columns import record_id
from agent.columns.distinct import only_where, per_text
from agent.columns.small import SMALL
from agent.columns.string_buffer import has_any

_BOOLEANS = {"1": True, "true": True, "0": False, "false": False}

_LARGEST_WHOLE_FLOAT = 2**53


@dataclass(frozen=True, slots=True)
class ValueKind:
    """How cells of one kind are read and written."""

    read: Callable[[pl.Series], pl.Series]
    """Raw cells (`String`) to values."""
    write: Callable[[pl.Series], pl.Series]
    """Values to the text that a cell usually has for them."""
    is_plain: Callable[[pl.Series, pl.Series], bool] = lambda _raw, _value: False
    """Cheaply: whether `write(value)` surely equals `raw` in every row. False means: compare."""


def _as_it_is(cells: pl.Series) -> pl.Series:
    """`String` to `String`."""
    return cells


def _read_integer(raw: pl.Series) -> pl.Series:
    """`Int64`; a fraction of zero (`12.0`) is taken for what it is, any other text is null."""
    value = raw.cast(pl.Int64, strict=False)
    if value.null_count() == raw.null_count():
        return value
    number = raw.cast(pl.Float64, strict=False)
    whole = (number.abs() < _LARGEST_WHOLE_FLOAT) & (number == number.round())
    return value.zip_with(value.is_not_null() | ~whole.fill_null(False), number.cast(pl.Int64, strict=False))


def _write_text(value: pl.Series) -> pl.Series:
    """`Int64` to `String`."""
    return value.cast(pl.String)


def _is_plain_integer(raw: pl.Series, value: pl.Series) -> bool:
    """Digits can be counted faster than written: leading zeros or a sign make the text longer than the number is."""
    if raw.len() <= SMALL:
        return _write_text(value).equals(raw)
    largest, smallest = value.max(), value.min()
    if value.null_count() != raw.null_count() or not isinstance(largest, int) or not isinstance(smallest, int):
        return False
    if smallest < 0:
        return False
    digits = value.len() - value.null_count()
    for power in range(1, len(str(largest))):
        digits += int((value >= 10**power).sum())
    return int(raw.str.len_bytes().sum()) == digits


def _read_decimal(raw: pl.Series) -> pl.Series:
    """`Float64`; infinity and not-a-number are no numbers to a SIEM."""
    value = raw.cast(pl.Float64, strict=False)
    if raw.len() <= SMALL:
        finite = [number if number is not None and isfinite(number) else None for number in value.to_list()]
        return pl.Series(raw.name, finite, dtype=pl.Float64)
    return only_where(value, value.is_finite().fill_null(False))


def _write_decimal(value: pl.Series) -> pl.Series:
    """`Float64` to `String`; a whole number without its `.0`."""
    text = value.cast(pl.String)
    if text.len() <= SMALL:
        return per_text(text, lambda number: number.removesuffix(".0"), pl.String)
    return text.str.strip_suffix(".0")


def _read_boolean(raw: pl.Series) -> pl.Series:
    """`Boolean`, from `0` and `1` (old event types) or `true` and `false` (newer ones), in any case."""
    if _is_zero_or_one(raw):
        return raw == "1"
    return per_text(raw, lambda text: _BOOLEANS.get(text.lower()), pl.Boolean)


def _write_boolean(value: pl.Series) -> pl.Series:
    """`Boolean` to `0` and `1`, as most event types write it; `true` and `false` are kept as raw cells."""
    return value.cast(pl.Int8).cast(pl.String)


def _write_word(value: pl.Series) -> pl.Series:
    """`Boolean` to `true` and `false`, as objects and streams write it."""
    return value.cast(pl.String)


def _is_zero_or_one(raw: pl.Series) -> bool:
    """Whether each cell (`String`) is `0`, `1` or null."""
    return int((raw == "0").sum()) + int((raw == "1").sum()) == raw.len() - raw.null_count()


def _is_plain_short_id(raw: pl.Series, value: pl.Series) -> bool:
    """Whether each raw id (`String`) has 15 characters, and its value is these and three more."""
    if raw.len() <= SMALL:
        return raw.equals(record_id.to_short(value))
    filled = raw.len() - raw.null_count()
    return (
        value.null_count() == raw.null_count()
        and int(raw.str.len_bytes().sum()) == record_id.SHORT * filled
        and int(value.str.len_bytes().sum()) == record_id.LONG * filled
        and _begins_with(value, raw)
    )


def _begins_with(whole: pl.Series, start: pl.Series) -> bool:
    """Whether each text of `whole` begins with that of `start` (both `String`); nulls do not count."""
    frame = pl.DataFrame([whole.alias("whole"), start.alias("start")])
    return bool(frame.select(pl.col("whole").str.starts_with(pl.col("start")).all()).item())


def _decode(cells: pl.Series) -> pl.Series:
    """Percent-encoded cells (`String`) decoded, once per distinct cell."""
    if cells.len() > SMALL and not has_any(cells, "%"):
        return cells
    return per_text(cells, _url_decoded, pl.String)


def _url_decoded(text: str) -> str:
    """Where there is a space, as it is or as `%20`, a `+` is a plus. Some rows have both spaces and codes (`rv%3A50.0`)."""
    if "%" not in text:
        return text
    decoded = unquote(text) if " " in text or "%20" in text else unquote_plus(text)
    return text if "\ufffd" in decoded else decoded


VALUE_KINDS: dict[str, ValueKind] = {
    "text": ValueKind(_as_it_is, _as_it_is, lambda raw, value: raw.null_count() == value.null_count()),
    "integer": ValueKind(_read_integer, _write_text, _is_plain_integer),
    "decimal": ValueKind(_read_decimal, _write_decimal),
    "boolean": ValueKind(_read_boolean, _write_boolean, lambda raw, _value: _is_zero_or_one(raw)),
    "truth": ValueKind(_read_boolean, _write_word),
    "id": ValueKind(record_id.to_long, record_id.to_short, _is_plain_short_id),
    "whole_id": ValueKind(record_id.to_long, _as_it_is, lambda raw, value: raw.equals(value)),
    "long_id": ValueKind(_as_it_is, _as_it_is),
    "url_decoded": ValueKind(_decode, _as_it_is),
}
"""By the names mappings use. The kinds `time` and `address` fill more than one field; `cell_fields.py` fills them."""
