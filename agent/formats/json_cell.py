"""Columns as JSON text: quoting, escaping, numbers, times, lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
import polars as pl

from agent.columns.text.escape import escaped, needs_escape
from agent.columns.timestamp import TIME
from agent.formats.line_pieces import FEW, Cell, is_constant

ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
ESCAPES |= {chr(code): f"\\u{code:04x}" for code in range(0x20) if chr(code) not in ESCAPES}
"""RFC 8259 section 7: quotation mark, reverse solidus and U+0000 to U+001F must be escaped; all else may stand."""

_AS_THEY_ARE = (
    pl.String, pl.Boolean, pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64,
)  # fmt: skip
"""Types whose values orjson writes as they are to be."""

_NOT_FINITE = ("NaN", "inf", "-inf")
"""As Polars writes what JSON cannot say."""

_TIME = "%Y-%m-%dT%H:%M:%S%.3fZ"


def cells(columns: Iterable[pl.Series]) -> tuple[dict[str, Cell], pl.DataFrame]:
    """Columns by name as cells, those without any value left out, and a frame of what the cells speak of.

    Raises TypeError for a column that is neither a scalar, a time nor a list of these.
    """
    found: dict[str, Cell] = {}
    texts: list[pl.Series] = []
    for column in columns:
        cell, text = _list(column) if isinstance(column.dtype, pl.List) else _scalar(column)
        if cell is not None:
            found[column.name] = cell
            texts += [text] if text is not None else []
    return found, pl.DataFrame(texts)


def values(column: pl.Series) -> list[Any]:
    """Each value as orjson writes it in the form that `cells` gives it, None for a row without one. Raises TypeError alike."""
    dtype = column.dtype
    if isinstance(dtype, _AS_THEY_ARE):
        return column.to_list()
    if isinstance(dtype, pl.Datetime) and dtype == TIME:
        return [text and f"{text[:-6].replace(' ', 'T')}Z" for text in column.cast(pl.String).to_list()]
    if isinstance(dtype, pl.List) and dtype.inner == pl.String:
        return [_without_nulls(texts) for texts in column.to_list()]
    return [text and orjson.Fragment(text) for text in _texts(column)]


def _without_nulls(texts: list[str | None] | None) -> list[str | None] | None:
    return [text for text in texts if text is not None] if texts and None in texts else texts


def _texts(column: pl.Series) -> list[str | None]:
    """Each value as it stands in a document, None for a row without one."""
    if column.dtype.is_float():
        return [None if text in _NOT_FINITE else text for text in column.cast(pl.String).to_list()]
    if isinstance(column.dtype, pl.List):
        inside, before, after = _list_text(column), "[", "]"
    else:
        before = after = _quote(column)
        inside = _text(_finite(column))
    return [None if text is None else before + text + after for text in inside.to_list()]


def _scalar(column: pl.Series) -> tuple[Cell | None, pl.Series | None]:
    """A column of scalars as a cell, with the texts (`String`) it speaks of; None for those where all rows have the same."""
    column = _finite(column)
    if column.null_count() == column.len():
        return None, None
    if is_constant(column):
        return Cell(orjson.dumps(values(column.head(1))[0]).decode()), None
    quote = _quote(column)
    return Cell(quote, pl.col(column.name), quote, optional=column.null_count() > 0), _text(column)


def _list(column: pl.Series) -> tuple[Cell | None, pl.Series | None]:
    """A column of lists as a cell, with the texts (`String`) it speaks of. Lists of one value each are scalars in brackets."""
    if column.null_count() == column.len():
        return None, None
    elements = column.explode(empty_as_null=True)
    # Without a null there is at least one in each list.
    if not elements.null_count():
        element = _finite(elements)
        if element.len() == column.len() and not element.null_count():
            cell, text = _scalar(element)
            return cell and cell.within("[", "]"), text
        if element.dtype == pl.String and not needs_escape(element, ESCAPES):
            return Cell('["', pl.col(column.name), '"]'), column.list.join('","')
    return Cell("[", pl.col(column.name), "]", optional=column.null_count() > 0), _list_text(column)


def _list_text(column: pl.Series) -> pl.Series:
    """The elements of each list with commas between them, its nulls left out."""
    longest = column.list.len().max()
    if isinstance(longest, int) and longest <= FEW:
        return _short_list_text(column, longest)
    elements = column.explode()
    quote = pl.lit(_quote(elements))
    text = _spelt(pl.element(), elements.dtype)
    if elements.dtype == pl.String and needs_escape(elements, ESCAPES):
        text = text.str.replace_many(ESCAPES)
    return column.list.eval(pl.concat_str(quote, text, quote)).list.join(",", ignore_nulls=True)


def _short_list_text(column: pl.Series, longest: int) -> pl.Series:
    """As `_list_text`, place by place: several times faster where lists are short."""
    parts = []
    for place in range(longest):
        element = _finite(column.list.get(place, null_on_oob=True))
        quote = _quote(element)
        parts.append(pl.lit(quote) + pl.lit(_text(element)) + pl.lit(quote))
    inside = pl.concat_str(parts, separator=",", ignore_nulls=True) if parts else pl.lit("")
    return pl.select(pl.when(pl.lit(column).is_not_null()).then(inside)).to_series().alias(column.name)


def _finite(column: pl.Series) -> pl.Series:
    """Floats without NaN and infinity, which JSON cannot say: null in their place."""
    return column.set(~column.is_finite(), None) if column.dtype.is_float() else column


def _text(column: pl.Series) -> pl.Series:
    """The values as they stand in JSON, without quotation marks; floats are finite."""
    if column.dtype == pl.String:
        return escaped(column, ESCAPES)
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        return column.cast(pl.String)
    text = column.to_frame().select(_spelt(pl.col(column.name), column.dtype)).to_series()
    return escaped(text, ESCAPES)


def _spelt(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """As text, not yet escaped; null where JSON has no word."""
    if isinstance(dtype, pl.Datetime):
        in_utc = value if dtype.time_zone in (None, "UTC") else value.dt.convert_time_zone("UTC")
        return in_utc.dt.strftime(_TIME)
    if dtype.is_float():
        value = pl.when(value.is_finite()).then(value)
    return value.cast(pl.String)


def _quote(column: pl.Series) -> str:
    """What stands around each value of the column: nothing or a quotation mark. Raises TypeError for what has no form in JSON."""
    dtype = column.dtype
    if dtype.is_numeric() or dtype == pl.Boolean:
        return ""
    if dtype in (pl.String, pl.Categorical, pl.Enum, pl.Date, pl.Datetime):
        return '"'
    raise TypeError(f"the column {column.name} holds {dtype}, which has no form in JSON")
