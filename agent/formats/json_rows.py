"""Few rows as nested JSON documents, each built as a dict: the same lines as those put together in columns.

The order of keys is that of the columnar way: in each object first what all rows of the frame have, then the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import polars as pl

from agent.formats import json_cell
from agent.formats.json_tree import ColumnTree, Tree

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
    if column.null_count() == column.len():
        return None
    values = json_cell.values(column)
    # A number that JSON cannot say is no null of the column, so these are counted in the values.
    nulls = values.count(None) if column.null_count() or column.dtype.is_float() else 0
    return RowCells(values, not nulls) if nulls < len(values) else None
