"""What the fields of an event do not give back, as a JSON object of raw cells.

`leakline.raw_cells` is `{"COLUMN":"text"}` for each cell whose field would be written back in another way (a number
with leading zeros, a column whose name is none we know), and `{"COLUMN":null}` for a cell that was empty though a
field suggests a value. Most rows have none. The same writer makes `event.original` from all cells of a row.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson
import polars as pl

from agent.columns.distinct import filled
from agent.columns.small import SMALL

_ESCAPES = {chr(code): json.dumps(chr(code))[1:-1] for code in (*range(0x20), 0x22, 0x5C)}
_TO_ESCAPE = r'[\x00-\x1f"\\]'


@dataclass(frozen=True, slots=True)
class RawCells:
    """Rows of one column to be kept as they came. `cells` is None for a column the input does not have."""

    column: str
    cells: pl.Series | None
    rows: pl.Series
    """`Boolean`, without nulls."""


def json_objects(columns: Iterable[RawCells]) -> pl.Series:
    """`String`: one JSON object a row; null for a row of which nothing is kept."""
    columns = list(columns)
    if columns and columns[0].rows.len() <= SMALL:
        return _objects_of_few(columns)
    members = pl.DataFrame([_members(column).alias(str(place)) for place, column in enumerate(columns)])
    inner = pl.concat_str(pl.all(), separator=",", ignore_nulls=True)
    whole = pl.when(inner != "").then(pl.concat_str(pl.lit("{"), inner, pl.lit("}")))
    return members.select(whole.alias("object")).to_series()


def _objects_of_few(columns: Sequence[RawCells]) -> pl.Series:
    """As `json_objects`, row by row."""
    members: list[list[str]] = [[] for _ in columns[0].rows]
    for column in columns:
        key = json.dumps(column.column, ensure_ascii=False)
        cells = [None] * len(members) if column.cells is None else column.cells.to_list()
        for row, is_kept, cell in zip(members, column.rows.to_list(), cells, strict=True):
            if is_kept:
                row.append(f"{key}:null" if cell is None else f"{key}:{orjson.dumps(cell).decode()}")
    return pl.Series("object", ["{" + ",".join(row) + "}" if row else None for row in members], dtype=pl.String)


def originals(frame: pl.DataFrame) -> pl.Series:
    """`String`: each row's non-null cells as a JSON object, in the order of the columns."""
    return json_objects(RawCells(cells.name, cells, filled(cells)) for cells in frame.get_columns())


def _members(column: RawCells) -> pl.Series:
    """`"COLUMN":"text"` for each of the rows to be kept (`String`); null for the others."""
    key = json.dumps(column.column, ensure_ascii=False)
    rows, cells = column.rows, column.cells
    if cells is None:
        return pl.select(pl.when(rows).then(pl.lit(f"{key}:null"))).to_series()
    frame = pl.DataFrame([rows.alias("rows"), _escaped(cells).alias("text")])
    text = pl.concat_str(pl.lit(f'{key}:"'), pl.col("text"), pl.lit('"'))
    member = pl.when(pl.col("text").is_null()).then(pl.lit(f"{key}:null")).otherwise(text)
    return frame.select(pl.when(pl.col("rows")).then(member)).to_series()


def _escaped(cells: pl.Series) -> pl.Series:
    """Cells (`String`) as the inside of JSON strings (RFC 8259, section 7)."""
    if not cells.str.contains(_TO_ESCAPE).any():
        return cells
    return cells.to_frame("cell").select(pl.col("cell").str.replace_many(_ESCAPES)).to_series()
