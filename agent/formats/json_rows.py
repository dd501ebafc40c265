"""Few rows as nested JSON documents, each built as a dict: the same lines as those put together in columns.

The order of keys is that of the columnar way: in each object first what all rows of the frame have, then the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import polars as pl

from agent.columns.timestamp import TIME
from agent.formats import json_cell
from agent.formats.json_tree import ColumnTree, Tree

_AS_THEY_ARE = (
    pl.String, pl.Boolean, pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64,
)  # fmt: skip
"""Types whose values orjson writes as the columnar way does."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RowCells:
    """A column with a value in some row, ready for orjson, a null for no value. `whole`: every row has one."""

    values: Sequence[Any]
    whole: bool


def documents(columns: Sequence[pl.Series], height: int) -> pl.Series:
    """One JSON document a row (`String`). Raises TypeError for a column that has no form in JSON."""
    cells = {column.name: found for column in columns if (found := _cells(column)) is not None}
    nested = ColumnTree.of([column.name for column in columns])
    if not nested.is_plain:
        nested = ColumnTree.of(list(cells))
    rows: list[Row] = [{} for _ in range(height)]
    _fill(rows, nested.tree, cells)
    return pl.Series("", [orjson.dumps(row).decode() for row in rows], dtype=pl.String)


def _fill(rows: Sequence[Row], node: Tree, cells: Mapping[str, RowCells]) -> bool:
    """Put the members of an object into `rows`; whether all rows have any of them."""
    filled = False
    partly: list[tuple[str, Sequence[Any]]] = []
    for key, child in node.items():
        found = cells.get(child) if isinstance(child, str) else _object(len(rows), child, cells)
        if found is None:
            continue
        if not found.whole:
            partly.append((key, found.values))
            continue
        filled = True
        for row, value in zip(rows, found.values, strict=True):
            row[key] = value
    for key, values in partly:
        for row, value in zip(rows, values, strict=True):
            if value is not None:
                row[key] = value
    return filled


def _object(height: int, node: Tree, cells: Mapping[str, RowCells]) -> RowCells:
    """An object below another one, which a row without any of its members has not."""
    rows: list[Row] = [{} for _ in range(height)]
    whole = _fill(rows, node, cells)
    return RowCells(rows if whole else [row or None for row in rows], whole)


def _cells(column: pl.Series) -> RowCells | None:
    """A column's values; None where no row has any."""
    nulls = column.null_count()
    if nulls == column.len():
        return None
    dtype = column.dtype
    if isinstance(dtype, _AS_THEY_ARE):
        return RowCells(column.to_list(), not nulls)
    if isinstance(dtype, pl.Datetime) and dtype == TIME:
        values = [text and f"{text[:-6].replace(' ', 'T')}Z" for text in column.cast(pl.String).to_list()]
    elif isinstance(dtype, pl.List) and dtype.inner == pl.String:
        values = [_without_nulls(texts) for texts in column.to_list()]
    else:
        values = [text and orjson.Fragment(text) for text in json_cell.texts(column)]
        nulls = values.count(None)
    return RowCells(values, not nulls) if nulls < len(values) else None


def _without_nulls(texts: list[str | None] | None) -> list[str | None] | None:
    return [text for text in texts if text is not None] if texts and None in texts else texts
