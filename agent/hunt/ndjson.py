"""NDJSON of any shape to frames of the fields that are asked for, however the lines disagree about types.

A line that is one flat object goes through Polars with all the others like it; one that holds a list, an object or
a brace in some text is taken apart by itself. Which way a line goes depends on the line alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson
import polars as pl

from agent.hunt.line_chunks import count

WHOLE_EVENT = "\x00event"
"""The column of all values of each event (`List(String)`; null unless it is asked for)."""

_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|.)", re.DOTALL)
"""An escape in JSON; the group is half of a pair without the other half, which the quick way reads as U+0000."""


@dataclass(frozen=True, slots=True)
class ParsedLines:
    """What some consecutive lines say."""

    frame: pl.DataFrame
    """A column for each field that is there, under its path (`a.b` is `{"a": {"b": …}}` and `{"a.b": …}`): `String`,
    or `List(String)` where a line has several values of it. An object has no value of its own, and is no null. A null
    is no value at all, but where it is asked for its presence it is a list of one null.
    """
    numbers: pl.Series
    """Line number of each row (`Int64`), from 1."""
    bad: Sequence[tuple[int, str]]
    """Line number and reason of lines that are no JSON object."""


@dataclass(slots=True)
class _FieldValues:
    """Values met so far, by field: numbers of rows, and a value for each; None says that the field is there."""

    rows: dict[str, list[int]] = field(default_factory=dict)
    values: dict[str, list[str | None]] = field(default_factory=dict)
    nulls: dict[str, set[int]] = field(default_factory=dict)
    """Rows in which a field is null, of fields whose presence matters."""

    def add(self, name: str, row: int, value: str | None) -> None:
        self.rows.setdefault(name, []).append(row)
        self.values.setdefault(name, []).append(value)

    def frames(self) -> Iterator[tuple[str, pl.DataFrame]]:
        """By field: `row` (UInt32) and `value` (String) of what was met."""
        for name, rows in self.rows.items():
            values = pl.Series(self.values[name], dtype=pl.String)
            yield name, pl.DataFrame({"row": pl.Series(rows, dtype=pl.UInt32), "value": values})


class NdjsonReader:
    """Reads the fields that some rules look at."""

    def __init__(self, fields: Collection[str], *, whole_event: bool = False, presence: Collection[str] = ()) -> None:
        """`fields`: paths, with dots; `presence`: those of them that are asked whether they are there, null or not;
        `whole_event`: every value is asked for, whatever its field.
        """
        self._fields = frozenset(fields)
        self._presence = frozenset(presence)
        self._null = _null_in(presence)
        self._on_the_way = {".".join(parts[:n]) for name in fields for n, parts in _cuts(name)}
        self._schema = pl.Schema(dict.fromkeys(sorted(self._fields), pl.String()))
        self._whole_event = whole_event

    def read(self, data: bytes, number: int) -> ParsedLines:
        """`data`: whole lines, of which the first is line `number`. Several threads may read at once."""
        return self._quick(data, number) or self._careful(data, number)

    def _quick(self, data: bytes, number: int) -> ParsedLines | None:
        """None if not every line is a flat object, or everything of it is asked for."""
        height = count(data, b"\n") + (not data.endswith(b"\n"))
        if self._whole_event or count(data, b"{") != height or b"[" in data or self._says_null(data):
            return None
        frame = self._parse(data)
        if frame is None or frame.height != height:
            return None
        nothing = pl.Series(WHOLE_EVENT, [None], dtype=pl.String).new_from_index(0, height)
        columns = [column for column in frame.get_columns() if column.null_count() < height]
        return ParsedLines(pl.DataFrame([nothing, *columns]), _numbers(number, height), ())

    def _parse(self, data: bytes) -> pl.DataFrame | None:
        """Lines of flat objects, every scalar as text."""
        try:
            return pl.read_ndjson(data, schema=self._schema or {WHOLE_EVENT: pl.String()})
        except pl.exceptions.PolarsError:
            return None

    def _careful(self, data: bytes, number: int) -> ParsedLines:
        found, bad = _FieldValues(), []
        numbered = [(n, line) for n, line in enumerate(data.split(b"\n"), number) if line.strip()]
        flat = [place for place, (_, line) in enumerate(numbered) if self._is_flat(line)]
        apart = sorted({*range(len(numbered))}.difference(flat))
        parts: dict[str, list[pl.DataFrame]] = {}
        for places, frame in self._settled([line for _, line in numbered], flat):
            if frame is None:
                apart.append(places[0])
            else:
                _put(parts, frame, places)
        wrong = set()
        for place in apart:
            line_number, line = numbered[place]
            try:
                self._take_apart(_repaired_object(line), place, found)
            except ValueError as error:
                bad.append((line_number, f"is not a JSON object ({error})"))
                wrong.add(place)
            except RecursionError:
                bad.append((line_number, "has objects and lists nested too deeply"))
                wrong.add(place)
        for name, values in found.frames():
            parts.setdefault(name, []).append(values)
        frame = _with_nulls(_merged(parts, len(numbered)), found.nulls)
        good = pl.Series([place not in wrong for place in range(len(numbered))], dtype=pl.Boolean)
        numbers = pl.Series([n for n, _ in numbered], dtype=pl.Int64)
        return ParsedLines(frame.filter(good), numbers.filter(good), sorted(bad))

    def _is_flat(self, line: bytes) -> bool:
        return not self._whole_event and line.count(b"{") == 1 and b"[" not in line and not self._says_null(line)

    def _says_null(self, data: bytes) -> bool:
        """Whether a field whose presence matters is null somewhere."""
        return self._null is not None and self._null.search(data) is not None

    def _settled(self, lines: list[bytes], places: list[int]) -> Iterator[tuple[list[int], pl.DataFrame | None]]:
        """Halved until a line that cannot be parsed stands alone (None)."""
        if not places:
            return
        frame = self._parse(b"\n".join(lines[place] for place in places))
        if frame is not None and frame.height == len(places):
            yield places, frame
        elif len(places) == 1:
            yield places, None
        else:
            half = len(places) // 2
            yield from self._settled(lines, places[:half])
            yield from self._settled(lines, places[half:])

    def _take_apart(self, document: dict[str, Any], row: int, found: _FieldValues, prefix: str = "") -> None:
        for key, value in document.items():
            path = prefix + key
            if self._whole_event or path in self._fields or path in self._on_the_way:
                self._take(value, path, row, found)

    def _take(self, value: Any, path: str, row: int, found: _FieldValues) -> None:
        wanted = path in self._fields
        if isinstance(value, dict):
            if wanted:
                found.add(path, row, None)
            self._take_apart(value, row, found, f"{path}.")
        elif isinstance(value, list):
            if wanted:
                found.add(path, row, None)
            for element in value:
                self._take(element, path, row, found)
        elif value is None:
            if path in self._presence:
                found.nulls.setdefault(path, set()).add(row)
        else:
            text = as_text(value)
            if wanted:
                found.add(path, row, text)
            if self._whole_event:
                found.add(WHOLE_EVENT, row, text)


def as_text(value: str | float | bool) -> str:
    """A JSON scalar as the quick way writes it: numbers without exponents, 1.0 as 1."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return f"{Decimal(repr(value)):f}".removesuffix(".0")


def object_of(line: bytes) -> dict[str, Any]:
    """Raises ValueError if the line has no object, or one that cannot be read."""
    document = orjson.loads(line)
    if not isinstance(document, dict):
        raise ValueError("the line has no object")
    return document


def _repaired_object(line: bytes) -> dict[str, Any]:
    """With half a pair of surrogates read as the quick way reads it; raises as `object_of` does."""
    try:
        return object_of(line)
    except ValueError:
        repaired = _ESCAPE.sub(lambda found: rb"\u0000" if found[1] else found[0], line)
        if repaired == line:
            raise
        return object_of(repaired)


def _cuts(name: str) -> Iterator[tuple[int, list[str]]]:
    parts = name.split(".")
    yield from ((n, parts) for n in range(1, len(parts)))


def _null_in(presence: Collection[str]) -> re.Pattern[bytes] | None:
    """Finds a null under the last part of a path, or under a key with an escape in it, which might say the same."""
    if not presence:
        return None
    keys = {key for path in presence for key in (path, path.rpartition(".")[2])}
    names = sorted(re.escape(orjson.dumps(key)[1:-1]) for key in keys)
    longest = 12 * max(map(len, presence))  # a character beyond U+FFFF takes two escapes of six bytes
    return re.compile(rb'(?:"(?:[^"]*\.)?(?:' + b"|".join(names) + rb')|\\[u/][^"]{0,%d})"\s*:\s*null' % longest)


def _numbers(first: int, count: int) -> pl.Series:
    return pl.int_range(first, first + count, eager=True)


def _put(parts: dict[str, list[pl.DataFrame]], frame: pl.DataFrame, places: list[int]) -> None:
    """To `parts`, by field, the values of `frame` (columns of String) that are there, and the rows (`places`) they are of:
    frames of `row` (UInt32) and `value` (String).
    """
    rows = pl.Series(places, dtype=pl.UInt32)
    for column in frame.get_columns():
        there = column.is_not_null()
        if there.any():
            values = {"row": rows.filter(there), "value": column.filter(there)}
            parts.setdefault(column.name, []).append(pl.DataFrame(values))


def _merged(parts: dict[str, list[pl.DataFrame]], height: int) -> pl.DataFrame:
    """One column for each field, String or List(String), in the order of rows. `parts`: as `_put` makes them."""
    rows = pl.DataFrame({"row": pl.int_range(height, dtype=pl.UInt32, eager=True)})
    columns = [pl.Series(WHOLE_EVENT, [None] * height, dtype=pl.List(pl.String))]
    for name, frames in parts.items():
        values = pl.concat(frames)
        if values["value"].null_count() or values["row"].n_unique() < values.height:
            values = values.group_by("row", maintain_order=True).agg(pl.col("value").drop_nulls())
        placed = rows.join(values, on="row", how="left", maintain_order="left")["value"].alias(name)
        columns = [placed, *columns[1:]] if name == WHOLE_EVENT else [*columns, placed]
    return pl.DataFrame(columns)


def _with_nulls(frame: pl.DataFrame, nulls: Mapping[str, set[int]]) -> pl.DataFrame:
    """A list of one null where a field is null and has no value besides."""
    for name, rows in nulls.items():
        values = frame[name] if name in frame.columns else pl.Series(name, [None] * frame.height, dtype=pl.String)
        if values.dtype == pl.String:
            values = pl.select(pl.when(values.is_not_null()).then(pl.concat_list(values))).to_series()
        here = pl.int_range(frame.height, eager=True).is_in(sorted(rows)) & values.is_null()
        null = pl.lit([None], dtype=pl.List(pl.String))
        frame = frame.with_columns(pl.select(pl.when(here).then(null).otherwise(values)).to_series().alias(name))
    return frame
