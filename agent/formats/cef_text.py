r"""Columns as CEF text: converted to a key's type, cut to its length, escaped.

The specification (Implementing ArcSight CEF) escapes `\` and `|` in the header, `\`, `=` and line ends in the
extension, and knows nothing for other control characters. These become their picture (U+2400 to U+2421: NUL is `␀`,
ESC `␛`), so that a record stays one line, a terminal is not steered by a log, and a reader sees what was there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from agent.columns.text.escape import escaped
from agent.formats.line_pieces import Cell, is_constant

Kind = Literal["text", "integer", "long", "decimal", "time", "ipv4", "ipv6", "moment"]
"""What a value is written as: `time` as milliseconds since 1970, `moment` as in JSON (`2026-03-02T08:15:11.952Z`)."""

_PICTURES = {chr(code): chr(0x2400 + code) for code in range(0x20)} | {"\x7f": "\u2421"}
IN_HEADER = {**_PICTURES, "\\": "\\\\", "|": "\\|"}
IN_EXTENSION = {**_PICTURES, "\n": "\\n", "\r": "\\r", "\\": "\\\\", "=": "\\="}

_MOMENT = "%Y-%m-%dT%H:%M:%S%.3fZ"

MARK = "…"
"""The last character of a value that was cut."""
LARGEST_INTEGER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class CefText:
    """A header field or an extension key: `values` (`String`, escaped), a single one if all rows have the same."""

    name: str
    values: pl.Series
    same: bool
    cut: pl.Series | None = None
    """`Boolean`, as long as `values`: where the value is not all there was. None: nowhere."""
    shortened: pl.Series | None = None
    """Of `cut` the rows where the key itself had no room."""

    def cell(self, before: str, after: str) -> Cell:
        """The text as part of a line; rows without a value have none of it."""
        if self.same:
            return Cell(before + self.values[0] + after)
        return Cell(before, pl.col(self.name), after, optional=self.values.null_count() > 0)


def text_of(
    name: str,
    columns: Iterable[pl.Series],
    kind: Kind,
    length: int,
    escapes: Mapping[str, str],
    names: pl.Series | None = None,
) -> CefText | None:
    """Of several columns the first that a row has a value in; `length` in characters. None if no row has a value.

    `names` (`List(String)`): for each row the columns whose value was not all there was before it came here.
    """
    values: pl.Series | None = None
    before: pl.Series | None = None
    for column in columns:
        found = converted(column, kind)
        if names is not None:
            named = names.list.contains(pl.lit(column.name)).fill_null(False)
            before = named if values is None or before is None else before.zip_with(values.is_not_null(), named)
        values = found if values is None else values.zip_with(values.is_not_null(), found)
        if not values.null_count():
            break
    if values is None or values.null_count() == values.len():
        return None
    same = is_constant(values) and (before is None or is_constant(before))
    values, shortened = _shortened(values.head(1) if same else values, kind, length)
    cut = shortened
    if before is not None:
        before = before.head(1) if same else before & values.is_not_null()
        cut = before if cut is None else cut.fill_null(False) | before
    written = values.cast(pl.String)
    return CefText(name, (escaped(written, escapes) if kind == "text" else written).alias(name), same, cut, shortened)


def converted(column: pl.Series, kind: Kind) -> pl.Series:
    """In the type that `kind` is held in; what does not convert is null."""
    match kind:
        case "integer" | "long":
            return column.cast(pl.Int64, strict=False)
        case "decimal":
            number = column.cast(pl.Float64, strict=False)
            return number.set(~number.is_finite(), None)
        case "time":
            if column.dtype.is_temporal():
                return column.dt.epoch("ms")
            return pl.repeat(None, column.len(), dtype=pl.Int64, eager=True).alias(column.name)
        case "moment":
            return column.dt.to_string(_MOMENT) if isinstance(column.dtype, pl.Datetime) else column.cast(pl.String)
        case "ipv4" | "ipv6":
            is_ipv6 = column.str.contains(":", literal=True)
            return column.set(~is_ipv6 if kind == "ipv6" else is_ipv6, None)
    if isinstance(column.dtype, pl.List):
        column = _joined(column.cast(pl.List(pl.String)))
    string = column.cast(pl.String)
    return string.set(string == "", None)


def _joined(column: pl.Series) -> pl.Series:
    """The elements of each list with commas between them; a comma and a backslash in an element get a backslash before."""
    elements = column.explode(empty_as_null=True)  # else an empty list would make up for one of two
    special = elements.str.contains(r"[,\\]").any()
    if elements.len() == column.len() and not elements.null_count():  # one in each
        return elements.str.replace_all(r"([,\\])", r"\$1") if special else elements
    if special:
        column = column.list.eval(pl.element().str.replace_all(r"([,\\])", r"\$1"))
    return column.list.join(",", ignore_nulls=True)


def _shortened(values: pl.Series, kind: Kind, length: int) -> tuple[pl.Series, pl.Series | None]:
    """Values within `length` characters (of text) or the range of an integer, and where they were cut.

    The second is `Boolean`, one a value; None where none was.
    """
    if kind == "integer":
        cut = values > LARGEST_INTEGER
        return (values.clip(upper_bound=LARGEST_INTEGER), cut) if cut.any() else (values, None)
    if kind != "text" or not length or not (values.str.len_bytes() > length).any():
        return values, None
    cut = values.str.len_chars() > length
    return values.zip_with(~cut.fill_null(False), values.str.head(length - len(MARK)) + MARK), cut


def names_of_cut(texts: Sequence[CefText], name: str, escapes: Mapping[str, str], length: int) -> CefText | None:
    """The names of those that are not all there was, row by row, as a text of their own; None if all are whole."""
    cut = [(text.name, text.cut) for text in texts if text.cut is not None and text.cut.any()]
    if not cut:
        return None
    rows = max(text.values.len() for text in texts)
    flags = [flag if flag.len() == rows else flag.new_from_index(0, rows) for _, flag in cut]
    named = pl.DataFrame([flag.alias(str(place)) for place, flag in enumerate(flags)])
    said = [pl.when(pl.col(str(place))).then(pl.lit(key)) for place, (key, _) in enumerate(cut)]
    listed = pl.concat_str(said, separator=",", ignore_nulls=True)
    return text_of(name, [named.select(listed.alias(name)).to_series()], "text", length, escapes)
