"""Nested JSON in Elastic Common Schema: a shaped frame to one document a row, on one line.

Dotted names become objects. Nulls, and objects with nothing in them, are left out; times are ISO 8601 with
milliseconds in UTC; a number that JSON cannot say (NaN, infinity) is left out. Where a field has both a value and
fields below it (`a` and `a.b`, which no index can hold), the value goes to `a.value` (`a.value_` if that is taken).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import polars as pl

from agent.formats import json_cell
from agent.formats.line_pieces import Cell, Piece, lines_of

Tree = dict[str, Any]
"""Keys to trees, or to the name of a column."""

_SENT = "event.ingested"
"""Each destination says it when it sends; rows spooled by an older version have it as a column."""


def encode(frame: pl.DataFrame) -> pl.Series:
    """One JSON document a row. `frame`: shaped (`agent.model`); scalars, times, and lists of these.

    Raises TypeError for a column of another type.
    """
    cells, values = json_cell.cells(column for column in frame.iter_columns() if column.name != _SENT)
    document = _object(tree(list(cells)), cells)
    if document is None:
        document = ["{}"]
    lines = lines_of(values, frame.height, document if isinstance(document, list) else document.pieces())
    return lines.replace("", "{}") if isinstance(document, Cell) else lines


def tree(names: Sequence[str]) -> Tree:
    """Dotted column names as nested keys, in order."""
    root: Tree = {}
    for place, name in sorted((place, name) for name, place in places(names).items()):
        *path, last = place.split(".")
        node = root
        for key in path:
            node = node.setdefault(key, {})
        node[last] = name
    return root


def places(names: Sequence[str]) -> dict[str, str]:
    """Column names to dotted places, no two the same and none above another."""
    objects = {".".join(parts[:n]) for parts in (name.split(".") for name in names) for n in range(1, len(parts))}
    placed: dict[str, str] = {name: name for name in names if name not in objects}
    for name in objects.intersection(names):
        place = f"{name}.value"
        while place in objects or place in placed:
            place += "_"
        placed[name] = place
    return placed


def _object(node: Tree, cells: dict[str, Cell]) -> Cell | list[Piece] | None:
    """The pieces of an object that all rows have, or the cell of one that rows may lack; None if no row has it."""
    always: list[list[Piece]] = []
    sometimes: list[Cell] = []
    for key, child in node.items():
        part = cells[child] if isinstance(child, str) else _object(child, cells)
        name = orjson.dumps(key).decode() + ":"
        if isinstance(part, list):
            always.append([name, *part])
        elif part is not None and part.optional:
            sometimes.append(part.within(name, ""))
        elif part is not None:
            always.append(part.within(name, "").pieces())
    if always:
        return _always(always, sometimes)
    return _sometimes(sometimes)


def _always(members: list[list[Piece]], sometimes: list[Cell]) -> list[Piece]:
    """The pieces of an object that every row has.

    First the members that all rows have, so that each further one can bring its comma with it.
    """
    pieces: list[Piece] = ["{"]
    for place, member in enumerate(members):
        pieces += ["," if place else "", *member]
    for cell in sometimes:
        pieces += cell.within(",", "").pieces()
    return [*pieces, "}"]


def _sometimes(members: list[Cell]) -> Cell | None:
    """The cell of an object whose members rows may lack; a row without any of them has no object. None without members."""
    if len(members) < 2:
        return members[0].within("{", "}") if members else None
    # Every member brings a comma; the first one of each row goes.
    texts = [piece for member in members for piece in member.within(",", "").pieces()]
    inside = pl.concat_str(texts, ignore_nulls=True).str.slice(1)
    return Cell("{", pl.when(inside != "").then(inside), "}", optional=True)
