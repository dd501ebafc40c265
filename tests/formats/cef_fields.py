"""The way back from CEF lines to a shaped frame, going by docs/cef.md alone: what a receiver can know of an event."""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

from agent.formats.cef_keys import CUT, EXTENSION, HEADER_FIELDS, STAND_INS, home_of, kind_and_length
from agent.formats.cef_own_key import ROOTS, field_of
from tests.formats.cef_reader import read


def fields_of(line: str) -> dict[str, str]:
    """Field to its value as text, times of standard keys in milliseconds."""
    header, extension = read(line)
    own = {field_of(key): value for key, value in extension.items() if key.startswith(ROOTS)}
    found = {HEADER_FIELDS[name]: header[name] for name in ("vendor", "product")}
    if own.get("event.kind") == "alert":
        found |= {HEADER_FIELDS[name]: header[name] for name in ("signature", "name")}
    for key, fields in EXTENSION.items():
        if key not in extension:
            continue
        further = [field for field in fields if field != home_of(key)]
        if key in STAND_INS or not any(own.get(field) == extension[key] for field in further):
            found[home_of(key)] = in_field(key, extension[key])
    assert {key for key in extension if not key.startswith(ROOTS)} <= {
        *EXTENSION, CUT, *(f"{key}Label" for key in (*EXTENSION, CUT))
    }  # fmt: skip
    return found | own


def in_field(key: str, value: str) -> str:
    return f"{int(value) * 1_000_000}" if home_of(key) == "event.duration" else value


def frame_of(lines: Iterable[str], schema: pl.Schema) -> pl.DataFrame:
    """A shaped frame in the types of `schema`; a field that no line has is not in it."""
    rows = [fields_of(line) for line in lines]
    names = [name for name in schema if any(name in row for row in rows)]
    return pl.DataFrame([_column(name, [row.get(name) for row in rows], schema[name]) for name in names])


def _column(name: str, values: list[str | None], dtype: pl.DataType) -> pl.Series:
    if isinstance(dtype, pl.List):
        return pl.Series(name, [None if value is None else _elements(value) for value in values], dtype)
    column = pl.Series(name, values, pl.String)
    if isinstance(dtype, pl.Datetime):
        if any(kind_and_length(key)[0] == "time" and home_of(key) == name for key in EXTENSION):
            return column.cast(pl.Int64).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")
        return column.str.to_datetime("%Y-%m-%dT%H:%M:%S%.3fZ", time_unit="ms", time_zone="UTC")
    return column == "true" if dtype == pl.Boolean else column.cast(dtype)


def _elements(value: str) -> list[str]:
    return [re.sub(r"\\(.)", r"\1", element) for element in re.findall(r"(?:[^,\\]|\\.)+", value)]
