"""Many rows as CEF lines, put together in columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from agent.formats.cef_keys import CUT, EXTENSION, HEADER, LABELS, ORDINARY, REST, TRUNCATED, kind_and_length
from agent.formats.cef_own_fields import NANOSECONDS, own_key_texts
from agent.formats.cef_text import IN_EXTENSION, IN_HEADER, CefText, names_of_cut, text_of
from agent.formats.line_pieces import Piece, lines_of


def lines(columns: Mapping[str, pl.Series], height: int, *, own_keys: bool) -> pl.Series:
    """One CEF line a row (`String`). `columns`: those of a shaped frame, by name."""
    written = dict(columns)
    if "event.duration" in columns:
        written["event.duration"] = columns["event.duration"].cast(pl.Int64, strict=False) // NANOSECONDS
    header = [_header(name, written, height) for name in HEADER]
    extension = [found for key in EXTENSION if (found := _extension(key, written)) is not None]
    if own_keys:
        extension += own_key_texts(_more_than_the_rest(columns), [*header, *extension], without={TRUNCATED})
    cut = names_of_cut([*header, *extension, *_left_out(columns)], CUT, IN_EXTENSION, kind_and_length(CUT)[1])
    extension += [cut] if cut is not None else []
    severity = _severity(columns, height)
    values = pl.DataFrame([found.values for found in (*header, severity, *extension) if not found.same])
    return lines_of(values, height, _pieces([*header, severity], extension))


def _more_than_the_rest(columns: Mapping[str, pl.Series]) -> Mapping[str, pl.Series]:
    """Without the rows that have but a few fields any more: these are to be as short as can be, in standard keys alone."""
    if TRUNCATED not in columns:
        return columns
    whole = ~columns[TRUNCATED].list.contains(pl.lit(REST)).fill_null(False)
    return {name: column.zip_with(whole, column.clear(column.len())) for name, column in columns.items()}


def _header(name: str, columns: Mapping[str, pl.Series], height: int) -> CefText:
    """A header field of every row: the first of its fields that a row has, else its default."""
    length, default, fields = HEADER[name]
    found = [columns[field] for field in fields if field in columns]
    found.append(pl.Series([default]).new_from_index(0, height))
    written = text_of(name, found, "text", length, IN_HEADER, columns.get(TRUNCATED))
    return written if written is not None else CefText(name, pl.Series([default]), same=True)


def _left_out(columns: Mapping[str, pl.Series]) -> Iterator[CefText]:
    """Marks in the place of fields that were left out altogether."""
    if TRUNCATED in columns:
        named = columns[TRUNCATED]
        for mark in sorted({str(name) for name in named.explode().drop_nulls() if name.startswith(REST)}):
            left_out = named.list.contains(pl.lit(mark)).fill_null(False)
            yield CefText(mark, left_out, same=False, cut=left_out)


def _extension(key: str, columns: Mapping[str, pl.Series]) -> CefText | None:
    """The text of a standard key; None where no row has a value for it."""
    kind, length = kind_and_length(key)
    found = [columns[field] for field in EXTENSION[key] if field in columns]
    return text_of(key, found, kind, length, IN_EXTENSION, columns.get(TRUNCATED))


def _severity(columns: Mapping[str, pl.Series], height: int) -> CefText:
    """Tenths of `event.severity`, halves rounded up, within 0 to 10."""
    given = columns.get("event.severity", pl.Series([None], dtype=pl.Int64).new_from_index(0, height))
    tenths = ((given.cast(pl.Int64, strict=False) + 5) // 10).clip(0, 10).fill_null(ORDINARY)
    written = text_of("severity", [tenths], "long", 0, IN_HEADER)
    return written if written is not None else CefText("severity", pl.Series([str(ORDINARY)]), same=True)


def _pieces(header: Sequence[CefText], extension: Sequence[CefText]) -> Iterator[Piece]:
    """The whole line: what stands between its values is the same in all rows."""
    yield "CEF:0|"
    for field in header:
        yield from field.cell("", "|").pieces()
    for place, value in enumerate(extension):
        label = f" {value.name}Label={LABELS[value.name]}" if value.name in LABELS else ""
        yield from value.cell(f"{' ' if place else ''}{value.name}=", label).pieces()
