"""What no standard key of a line holds whole goes under keys of our own, so that a line has all of its event.

A standard key with several fields holds one of them in each row: the others go here, and so does a value that the key
could not take as it is (too long, too large, a duration with a fraction of a millisecond). Where a row has the same
value in two fields of a key, both go here, else a reader could not tell which of them the key holds: it holds the
field whose own key has the same value, and where there is none its home (`cef_keys.home_of`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import polars as pl

from agent.formats.cef_keys import EXTENSION, HEADER_FIELDS, STAND_INS, home_of, kind_and_length
from agent.formats.cef_own_key import ROOTS, own_key
from agent.formats.cef_text import IN_EXTENSION, CefText, Kind, converted, text_of
from agent.formats.line_pieces import is_constant

NANOSECONDS = 1_000_000
"""In a millisecond: `event.duration` is in nanoseconds, what `cn2` says in milliseconds."""

LENGTH = 4000
"""Characters in a value under a key of our own: what the dictionary gives cs1 to cs6, its longest texts. The 1,023 of
most other keys would leave out what somebody puts behind so much padding in a query, an address or a header."""

Columns = Mapping[str, pl.Series]


def own_key_texts(columns: Columns, texts: Iterable[CefText], without: Collection[str]) -> list[CefText]:
    """The columns in rows where none of `texts` (of standard keys and header) holds them, in the order of the line."""
    held = _held(columns, {text.name: text for text in texts})
    found = []
    for name in sorted(columns.keys() - without, key=place_of):
        column = columns[name]
        if name in held:
            whole = held[name]
            column = column.clear(column.len()) if whole is None else column.set(whole, None)
        if column.null_count() < column.len():
            own = _own_text(column, columns.get("leakline.truncated"))
            found += [own] if own is not None else []
    return found


def _own_text(column: pl.Series, cut_before: pl.Series | None) -> CefText | None:
    """A column as the text of its own key. `cut_before` (`List(String)`): for each row the columns cut on the way here."""
    if cut_before is None and not column.dtype.is_nested() and is_constant(column):
        column = column.head(1)  # converted once instead of row by row
    return text_of(own_key(column.name), [column], kind_of(column.dtype), LENGTH, IN_EXTENSION, cut_before)


def place_of(name: str) -> tuple[int, str]:
    """By which fields stand in the order of the line."""
    root = name.split(".", 1)[0]
    return (ROOTS.index(root) if root in ROOTS[:-1] else len(ROOTS), name)


def kind_of(dtype: pl.DataType) -> Kind:
    """What a column's values are written as; a `UInt64` may be beyond CEF's long (Int64), so it is text."""
    if dtype.is_temporal():
        return "moment"
    if dtype.is_float():
        return "decimal"
    return "long" if dtype.is_integer() and dtype != pl.UInt64 else "text"


def _held(columns: Columns, texts: Mapping[str, CefText]) -> dict[str, pl.Series | None]:
    """For each field that a key holds the rows where it does (`Boolean`); None where that is every row with a value."""
    held: dict[str, pl.Series | None] = {}
    for name, field in HEADER_FIELDS.items():
        if field in columns:
            held[field] = _rows_held(texts[name], columns[field], "text", (), ())
    for key, fields in EXTENSION.items():
        home = home_of(key)
        if key not in texts or home not in columns:
            continue
        present = {field: columns[field] for field in fields if field in columns and field != home}
        first = [column for field, column in present.items() if fields.index(field) < fields.index(home)]
        further = [] if key in STAND_INS else list(present.values())
        rows = _rows_held(texts[key], columns[home], kind_and_length(key)[0], first, further)
        before = held.get(home, rows)
        # An address goes to the key of its kind, so two keys can have the same home.
        held[home] = None if rows is None or before is None else rows | before
    return held


def _rows_held(
    written: CefText, home: pl.Series, kind: Kind, first: Sequence[pl.Series], further: Sequence[pl.Series]
) -> pl.Series | None:
    """Rows where a key has all of its home's value and nobody can take it for another field's; None: wherever it has one.

    `first`: those of `further` that the key prefers to its home.
    """
    if kind in ("integer", "long") and not home.dtype.is_integer():
        return pl.repeat(False, home.len(), dtype=pl.Boolean, eager=True)
    nulls = 0 if written.same else written.values.null_count()
    in_full = home.name != "event.duration" or not (home % NANOSECONDS != 0).any()
    if not further and written.shortened is None and nulls == home.null_count() and in_full:
        return None
    rows = _as_long_as(written.values.is_not_null(), home) & home.is_not_null()
    if written.shortened is not None:
        rows &= ~_as_long_as(written.shortened, home)
    if not in_full:
        rows &= (home % NANOSECONDS == 0).fill_null(False)
    own = converted(home, kind)
    rows &= own.is_not_null()  # of a value beyond the key's range the key may have another field's
    for column in further:
        value = converted(column, kind)
        rows &= ~(value == own).fill_null(False)
        if any(column is preferred for preferred in first):
            rows &= value.is_null()
    return rows


def _as_long_as(flags: pl.Series, column: pl.Series) -> pl.Series:
    """Flags (`Boolean`) one a row: a single one stands for all rows of a constant."""
    return flags if flags.len() == column.len() else flags.new_from_index(0, column.len())
