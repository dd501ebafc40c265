"""Columns as JSON text: quoting, escaping, numbers, times, lists."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from agent.columns.escape import escaped, needs_escape
from agent.formats.line_pieces import Cell, is_constant

ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
ESCAPES |= {chr(code): f"\\u{code:04x}" for code in range(0x20) if chr(code) not in ESCAPES}
"""RFC 8259 section 7: quotation mark, reverse solidus and U+0000 to U+001F must be escaped; all else may stand."""

_FEW = 6
"""Elements up to which a list is written place by place."""

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


def texts(column: pl.Series) -> list[str | None]:
    """Each value as it stands in a document, None for a row without one. Raises TypeError as `cells` does."""
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
    quote = _quote(column)
    if is_constant(column):
        return Cell(quote + _text(column.head(1))[0] + quote), None
    return Cell(quote, pl.col(column.name), quote, optional=column.null_count() > 0), _text(column)


def _list(column: pl.Series) -> tuple[Cell | None, pl.Series | None]:
    """A column of lists as a cell, with the texts (`String`) it speaks of. Lists of one value each are scalars in brackets."""
    if column.null_count() == column.len():
        return None, None
    if (column.list.len() == 1).all() and not column.null_count():
        element = _finite(column.explode())
        if not element.null_count():
            cell, text = _scalar(element)
            return cell and cell.within("[", "]"), text
    return Cell("[", pl.col(column.name), "]", optional=column.null_count() > 0), _list_text(column)


def _list_text(column: pl.Series) -> pl.Series:
    """The elements of each list with commas between them, its nulls left out."""
    longest = column.list.len().max()
    if isinstance(longest, int) and longest <= _FEW:
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
    """The values as they stand in JSON, without quotation marks."""
    if column.dtype == pl.String:
        return escaped(column, ESCAPES)
    text = column.to_frame().select(_spelt(pl.col(column.name), column.dtype)).to_series()
    return text if column.dtype.is_numeric() else escaped(text, ESCAPES)


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
