"""Few rows as CEF lines, each put together by itself: the same lines as those of `cef_columns.py`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import polars as pl

from agent.formats.cef_keys import (
    CUT,
    EXTENSION,
    HEADER,
    HEADER_FIELDS,
    LABELS,
    ORDINARY,
    REST,
    STAND_INS,
    TRUNCATED,
    home_of,
    kind_and_length,
)  # fmt: skip
from agent.formats.cef_own_fields import LENGTH, NANOSECONDS, kind_of, place_of
from agent.formats.cef_own_key import own_key
from agent.formats.cef_row_text import RowFields, RowTexts, Values, names_of_cut, text_of
from agent.formats.cef_text import IN_EXTENSION, IN_HEADER, Kind

_IN_HEADER, _IN_EXTENSION = str.maketrans(IN_HEADER), str.maketrans(IN_EXTENSION)

Named = Sequence[Collection[str]]
"""For each row the names of the fields that were cut before it came here."""


def lines(columns: Mapping[str, pl.Series], height: int, *, own_keys: bool) -> pl.Series:
    """One CEF line a row (`String`). `columns`: those of a shaped frame, by name."""
    fields = RowFields(columns, height)
    named: Named = [cell or () for cell in columns[TRUNCATED].to_list()] if TRUNCATED in columns else [()] * height
    header = [_header(name, fields, named) for name in HEADER]
    extension = [found for key in EXTENSION if (found := _extension(key, fields, named)) is not None]
    if own_keys:
        extension += _own_key_texts(fields, {text.name: text for text in (*header, *extension)}, named)
    left_out = [sorted({name for name in names if name is not None and name.startswith(REST)}) for names in named]
    listed = names_of_cut([*header, *extension], left_out)
    cut = text_of(CUT, [(CUT, listed)], "text", kind_and_length(CUT)[1], _IN_EXTENSION, [()] * height)
    extension += [cut] if cut is not None else []
    texts = [*(text.texts for text in header), _severity(fields)]
    return pl.Series("", [_line(row, texts, extension) for row in range(height)], dtype=pl.String)


def _line(row: int, header: Sequence[Sequence[str | None]], extension: Sequence[RowTexts]) -> str:
    parts = ["CEF:0|"]
    parts += [f"{texts[row]}|" for texts in header]
    for place, text in enumerate(extension):
        value = text.texts[row]
        if value is not None:
            label = f" {text.name}Label={LABELS[text.name]}" if text.name in LABELS else ""
            parts.append(f"{' ' if place else ''}{text.name}={value}{label}")
    return "".join(parts)


def _header(name: str, fields: RowFields, named: Named) -> RowTexts:
    """A header field of every row: the first of its fields that a row has, else its default."""
    length, default, sources = HEADER[name]
    found = [(source, fields.values(source, "text")) for source in sources if source in fields.columns]
    written = text_of(name, [*found, ("", [default] * fields.height)], "text", length, _IN_HEADER, named)
    return written if written is not None else RowTexts(name, [default] * fields.height)


def _extension(key: str, fields: RowFields, named: Named) -> RowTexts | None:
    """The text of a standard key; None where no row has a value for it."""
    kind, length = kind_and_length(key)
    found = [(name, _standard(name, kind, fields)) for name in EXTENSION[key] if name in fields.columns]
    return text_of(key, found, kind, length, _IN_EXTENSION, named) if found else None


def _standard(name: str, kind: Kind, fields: RowFields) -> Values:
    """The values of a field as a standard key has them: a duration in milliseconds."""
    if name != "event.duration":
        return fields.values(name, kind)
    return [None if value is None else value // NANOSECONDS for value in fields.values(name, "long")]


def _severity(fields: RowFields) -> Sequence[str]:
    """Tenths of `event.severity`, halves rounded up, within 0 to 10."""
    given = fields.values("event.severity", "long") if "event.severity" in fields.columns else [None] * fields.height
    return [str(ORDINARY if value is None else min(10, max(0, (value + 5) // 10))) for value in given]


def _own_key_texts(fields: RowFields, texts: Mapping[str, RowTexts], named: Named) -> Iterator[RowTexts]:
    """The columns in rows where none of `texts` (of standard keys and header) holds them, in the order of the line."""
    held = _held(fields, texts)
    # Rows that have but a few fields any more are to be as short as can be, in standard keys alone.
    free = [REST not in names for names in named]
    for name in sorted(fields.columns.keys() - {TRUNCATED}, key=place_of):
        kind = kind_of(fields.columns[name].dtype)
        rows = held.get(name, ())
        values = [
            value if free[row] and row not in rows else None for row, value in enumerate(fields.values(name, kind))
        ]
        own = text_of(own_key(name), [(name, values)], kind, LENGTH, _IN_EXTENSION, named)
        if own is not None:
            yield own


def _held(fields: RowFields, texts: Mapping[str, RowTexts]) -> Mapping[str, Collection[int]]:
    """For each field that a key holds the numbers of the rows where it does."""
    held: dict[str, set[int]] = {}
    for name, home in HEADER_FIELDS.items():
        if home in fields.columns:
            held[home] = set(_rows_held(texts[name], home, "text", (), (), fields))
    for key, sources in EXTENSION.items():
        home = home_of(key)
        if key not in texts or home not in fields.columns:
            continue
        further = [name for name in sources if name in fields.columns and name != home]
        first = [name for name in further if sources.index(name) < sources.index(home)]
        if key in STAND_INS:
            further = []
        kind = kind_and_length(key)[0]
        # An address goes to the key of its kind, so two keys can have the same home.
        held.setdefault(home, set()).update(_rows_held(texts[key], home, kind, first, further, fields))
    return held


def _rows_held(
    written: RowTexts, home: str, kind: Kind, first: Sequence[str], further: Sequence[str], fields: RowFields
) -> Iterator[int]:
    """Rows where a key has all of its home's value and nobody can take it for another field's.

    `first`: those of `further` that the key prefers to its home.
    """
    if kind in ("integer", "long") and not fields.columns[home].dtype.is_integer():
        return
    rivals = [(fields.values(name, kind), name in first) for name in further]
    for row, own in enumerate(fields.values(home, kind)):
        if own is None or written.texts[row] is None or row in written.shortened:
            continue
        if home == "event.duration" and own % NANOSECONDS:
            continue
        if not any(values[row] is not None and (preferred or values[row] == own) for values, preferred in rivals):
            yield row
