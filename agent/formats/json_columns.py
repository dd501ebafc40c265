"""Many rows as nested JSON documents, put together in columns: at no cost for each cell but that of its text."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import polars as pl

from agent.formats import json_cell
from agent.formats.json_tree import Tree, tree
from agent.formats.line_pieces import Cell, Piece, lines_of

_INGESTED = "event.ingested"


def documents(columns: Sequence[pl.Series], height: int, *, ingested: str = "") -> pl.Series:
    """One JSON document a row (`String`). Raises TypeError for a column that has no form in JSON.

    `ingested`: stands as it is in `event.ingested`, ahead of all else in `event`, which some column that no row lacks is
    in; empty for nothing.
    """
    cells, values = json_cell.cells(columns)
    nodes = tree(list(cells))
    if ingested:
        cells[_INGESTED] = Cell(f'"{ingested}"')
        nodes = {**nodes, "event": {"ingested": _INGESTED, **nodes["event"]}}
    document = _object(nodes, cells)
    if document is None:
        document = ["{}"]
    lines = lines_of(values, height, document if isinstance(document, list) else document.pieces())
    return lines.replace("", "{}") if isinstance(document, Cell) else lines


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
