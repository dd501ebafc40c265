"""What `cef_text.py` does with columns, for few rows: values in lists of Python's, converted, cut and escaped one by one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from agent.columns.timestamp import TIME
from agent.formats.cef_text import LARGEST_INTEGER, MARK, Kind, converted

Values = Sequence[Any]
"""One a row, None for no value."""

_IN_INT64 = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32)
_IN_LIST = str.maketrans({",": "\\,", "\\": "\\\\"})


@dataclass(frozen=True, slots=True)
class RowTexts:
    """A header field or an extension key: one text a row, None where a row has no value."""

    name: str
    texts: Sequence[str | None]
    shortened: Collection[int] = ()
    """Numbers of the rows where the key has no room for the whole value."""
    cut: Collection[int] = ()
    """Those, and the rows whose value was cut before it came here."""


@dataclass(slots=True)
class RowFields:
    """The columns of a frame, by name, and their values, each converted once for each kind that is asked for."""

    columns: Mapping[str, pl.Series]
    height: int
    _converted: dict[tuple[str, Kind], Values] = field(default_factory=dict)

    def values(self, name: str, kind: Kind) -> Values:
        """In the type that `kind` is held in, None where it does not convert."""
        found = self._converted.get((name, kind))
        if found is None:
            found = self._converted[name, kind] = _values(self.columns[name], kind)
        return found


def _values(column: pl.Series, kind: Kind) -> Values:
    """As `cef_text.converted`, which is asked for types that are rare."""
    dtype = column.dtype
    if dtype == pl.String and kind == "text":
        return [cell or None for cell in column.to_list()]
    if dtype == pl.String and kind in ("ipv4", "ipv6"):
        wanted = kind == "ipv6"
        return [cell if cell is not None and (":" in cell) == wanted else None for cell in column.to_list()]
    if isinstance(dtype, pl.List) and dtype.inner == pl.String and kind == "text":
        return [_joined(cell) if cell else None for cell in column.to_list()]
    if isinstance(dtype, _IN_INT64) and kind in ("integer", "long"):
        return column.to_list()
    if dtype == TIME and kind == "time":
        return column.cast(pl.Int64).to_list()
    if dtype == TIME and kind == "moment":
        return [cell and f"{cell[:-6].replace(' ', 'T')}Z" for cell in column.cast(pl.String).to_list()]
    return converted(column, kind).to_list()


def _joined(elements: Sequence[str | None]) -> str | None:
    return ",".join([element.translate(_IN_LIST) for element in elements if element is not None]) or None


def text_of(
    name: str,
    columns: Sequence[tuple[str, Values]],
    kind: Kind,
    length: int,
    escapes: Mapping[int, str],
    named: Sequence[Collection[str]],
) -> RowTexts | None:
    """Of several columns (name and values) the first that a row has a value in; None if no row has a value.

    `escapes`: as `str.translate` wants them. `named`: for each row the columns whose value was not all there before.
    """
    values: list[Any] = [None] * len(named)
    cut: set[int] = set()
    for column, found in columns:
        for row, value in enumerate(found):
            if values[row] is None and value is not None:
                values[row] = value
                if column in named[row]:
                    cut.add(row)
    if all(value is None for value in values):
        return None
    shortened = set(_shorten(values, kind, length))
    return RowTexts(name, _written(values, kind, escapes), shortened, cut | shortened)


def _shorten(values: list[Any], kind: Kind, length: int) -> Iterator[int]:
    """Brings values within `length` characters (of text) or the range of an integer; the numbers of those it cut."""
    for row, value in enumerate(values):
        if value is None:
            continue
        if kind == "integer" and value > LARGEST_INTEGER:
            values[row] = LARGEST_INTEGER
            yield row
        elif kind == "text" and length and len(value) > length:
            values[row] = value[: length - len(MARK)] + MARK
            yield row


def _written(values: Values, kind: Kind, escapes: Mapping[int, str]) -> Sequence[str | None]:
    if kind == "text":
        # Ids, words and numbers need no escape, and to see that costs a fifth of looking up each character.
        return [value if value is None or value.isalnum() else value.translate(escapes) for value in values]
    if kind == "decimal":
        return pl.Series(values, dtype=pl.Float64).cast(pl.String).to_list()
    return [None if value is None else str(value) for value in values]


def names_of_cut(texts: Sequence[RowTexts], left_out: Sequence[Sequence[str]]) -> Values:
    """The names of those that are not all there was, and what is `left_out` of a row, with commas between them."""
    rows = range(len(left_out))
    cut = [text for text in texts if text.cut]
    return [",".join([*(text.name for text in cut if row in text.cut), *left_out[row]]) or None for row in rows]
