"""One column of a frame, judged through its distinct values: work is done once per value and spread over the rows.

Of few rows each is judged by itself.
"""

from __future__ import annotations

from functools import cached_property

import polars as pl

from agent.columns import address_digits, local_time
from agent.columns.small import SMALL
from agent.columns.string_buffer import has_any
from agent.detection.condition import few_texts
from agent.detection.condition.mask import Mask, either, inverted
from agent.detection.condition.tree import SIGMAS


class Column:
    """A column and its distinct values, in the forms that tests ask for. Forms are made when first asked for."""

    def __init__(self, series: pl.Series, *, cells: bool = False) -> None:
        """`cells`: texts are cells of a log file, where an empty one came as null and a truth value is 0 or 1."""
        self.series = series
        self.cells = cells
        self._rows: pl.Series | None = None
        flat = series
        while isinstance(flat.dtype, pl.List | pl.Array):
            listed = flat.cast(pl.List(flat.dtype.inner)) if isinstance(flat.dtype, pl.Array) else flat
            numbers = self._rows if self._rows is not None else _numbers(flat.len())
            frame = pl.DataFrame({"row": numbers, "value": listed}).explode("value")
            flat, self._rows = frame["value"], frame["row"]
        self.values, self._codes = _distinct(flat)

    def over_rows(self, mask: pl.Series) -> Mask:
        """A mask of `values` as a mask of the rows; of a list, one value is enough."""
        if not mask.any():
            return False
        spread = self._hits(mask)
        if self._rows is None:
            return spread
        return marked(self._rows.filter(spread), self.series.len())

    def by_row(self, values: pl.Series) -> pl.DataFrame:
        """Something said of each of `values`, said of each row: `row` (`UInt32`), `said`; a list has a row for each
        element.
        """
        said = values if self._codes is None else values.extend_constant(None, 1).gather(self._codes)
        rows = self._rows if self._rows is not None else _numbers(self.series.len())
        return pl.DataFrame({"row": rows, "said": said})

    def _hits(self, mask: pl.Series) -> pl.Series:
        """A mask of `values` as one of the flat series: of the rows, or of the elements of their lists."""
        if self._codes is None:
            return mask
        hits = mask.arg_true()
        if len(hits) == 1:
            only: int = hits[0]
            return self._codes == only
        return mask.extend_constant(False, 1).gather(self._codes)

    @cached_property
    def present(self) -> Mask:
        """Rows with a value."""
        return inverted(_nulls(self.series))

    @cached_property
    def null(self) -> Mask:
        """Rows without a value; a list of nulls is there and is null, an empty one is there and is no null."""
        absent = _nulls(self.series)
        if isinstance(self.series.dtype, pl.List):
            listed = self.series.list
            nothing = ((listed.len() > 0) & (listed.drop_nulls().list.len() == 0)).fill_null(value=False)
            absent = either(absent, nothing if nothing.any() else False)
        return absent

    @cached_property
    def text(self) -> pl.Series:
        """Each value as text; `String`."""
        match self.values.dtype:
            case pl.String:
                return self.values
            case pl.Datetime():
                return self.values.dt.to_string("%Y-%m-%dT%H:%M:%S%.3fZ")
            case pl.Duration:
                return self.values.dt.to_string("iso")
            case pl.Struct():
                return self.values.struct.json_encode()
            case pl.Binary | pl.Object:
                return pl.Series([None], dtype=pl.String).new_from_index(0, len(self.values))
            case _:
                return self.values.cast(pl.String, strict=False)

    @cached_property
    def lower(self) -> pl.Series:
        """`text` without regard to case, as `tree.folded` does it."""
        few = few_texts.lower(self.text.to_list()) if few_texts.are_few(self.text) else None
        if few is not None:
            return pl.Series(few, dtype=pl.String)
        lower = self.text.str.to_lowercase()
        return lower.str.replace_all(*SIGMAS, literal=True) if has_any(lower, SIGMAS[0]) else lower

    @cached_property
    def number(self) -> pl.Series:
        """Each value as a finite `Float64`, null where it is none. A truth value is no number."""
        if self.values.dtype in (pl.Boolean, pl.Null) or self.values.dtype.is_temporal():
            return pl.Series([None], dtype=pl.Float64).new_from_index(0, len(self.values))
        source = self.values if self.values.dtype.is_numeric() else self.text
        numbers = source.cast(pl.Float64, strict=False)
        if (numbers * 0).sum() == 0:  # infinity and NaN times 0 are NaN
            return numbers
        return numbers.set(~numbers.is_finite().fill_null(value=False), None)

    @cached_property
    def whole(self) -> pl.Series:
        """Each value as `Int128`, null where it is no integer: for numbers that a float does not hold exactly."""
        source = self.values if self.values.dtype.is_integer() else self.text
        return source.cast(pl.Int128, strict=False)

    @cached_property
    def address(self) -> pl.Series:
        """Each value as an address in hexadecimal digits behind its version, null where it is none."""
        return address_digits.digits(self.text)

    @cached_property
    def time(self) -> pl.Series:
        """Each value as a time without a zone, as it is written; null where it is none."""
        if self.values.dtype == pl.Date or isinstance(self.values.dtype, pl.Datetime):
            return self.values.cast(pl.Datetime("ms"))
        return local_time.read(self.text)


def _nulls(series: pl.Series) -> Mask:
    """The rows that are null."""
    count = series.null_count()
    if count in (0, len(series)):
        return count > 0
    if len(series) <= SMALL and series.dtype == pl.String:
        return pl.Series([text is None for text in series.to_list()], dtype=pl.Boolean)
    return series.is_null()


def marked(hits: pl.Series, height: int) -> Mask:
    """The rows whose numbers are in `hits` (`UInt32`, repetitions allowed)."""
    if not len(hits):
        return False
    return _numbers(height).is_in(hits.unique().implode())


def _numbers(height: int) -> pl.Series:
    """The numbers of rows, from 0: UInt32."""
    return pl.int_range(height, dtype=pl.UInt32, eager=True)


def _distinct(series: pl.Series) -> tuple[pl.Series, pl.Series | None]:
    """Distinct values of a text column and each row's place among them (one past the end for null); of few rows, of
    rows that nearly all differ, or of another type, the values as they are.
    """
    if len(series) <= SMALL and series.dtype == pl.String:
        return series, None  # to find what is distinct costs more than it saves
    if isinstance(series.dtype, pl.Categorical | pl.Enum):
        series = series.cast(pl.String)
    if series.dtype != pl.String or not len(series):
        return series, None
    if series.null_count() == len(series):
        return series.head(0), pl.zeros(len(series), dtype=pl.UInt32, eager=True)
    if len(series) > SMALL and _differ(series):
        return series, None
    unnamed = series.alias("").rechunk()  # a name with a zero byte in it would make Polars panic
    encoded = unnamed.to_arrow(compat_level=pl.CompatLevel.oldest()).dictionary_encode()
    values = pl.Series(encoded.dictionary)
    codes = pl.Series(encoded.indices)
    return values, codes.fill_null(len(values)) if codes.null_count() else codes


def _differ(series: pl.Series) -> bool:
    """Whether nearly all cells differ, as ids and paths do: then to find what is distinct saves nothing.

    Of 256 cells two are the same, but for one case in a thousand, where there are less than 5,000 values.
    """
    looks = series.gather_every(len(series) // SMALL)
    return looks.n_unique() == len(looks)
