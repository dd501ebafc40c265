"""The actions of a Lightning request, which one cell of `ACTION_MESSAGE` names together.

A cell is `action=milliseconds;action=milliseconds…`
(https://developer.salesforce.com/docs/atlas.en-us.230.0.object_reference.meta/object_reference/sforce_api_objects_eventlogfile_lightning_component.htm),
and an action is spelled in many ways: `aura://RecordUiController/ACTION$getRecord`, `1$HostConfigController/ACTION$get`,
`apex://ns.Class/ACTION$method`, `serviceComponent://ui.lists.ListController/ACTION$getItems$object=Contact`,
`ListController.getItems`, in upper or lower case, percent-encoded or not. In `leakline.aura.action` all of them are
`Controller.method`; `aura://ApexActionController/ACTION$execute(ns.Class.method)` is `ns.Class.method`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

import polars as pl

MOST = 250
"""Distinct actions named of one cell; `leakline.aura.count` counts them all. A request of the page has at most so many."""

MOST_CALLS = 100_000
"""Calls that one action of a cell counts for at most: who writes a number must not make sums as long as he likes."""

_LONGEST = 1_000
"""Characters of one action that are looked at."""
_CELL = 1_000_000
"""Characters of one cell that are looked at."""
_BEFORE = r"(?:(?P<count>\d+)\$)?(?:(?P<scheme>[a-z]+)://)?"
_SLASH = re.compile(
    _BEFORE + r"(?P<controller>[^;]*?)/action\$(?P<method>\w+)(?:\((?P<apex>[^()]*)\))?", re.IGNORECASE | re.DOTALL
)
_DOT = re.compile(
    _BEFORE + r"(?P<controller>[^;\s]+?)\.(?P<method>\w+)(?:\((?P<apex>[^()]*)\)|(?=\$)|$)", re.IGNORECASE | re.DOTALL
)
_DURATION = r"=(\d{1,18})(?:\.\d*)?$"

FIELDS: dict[str, pl.DataType] = {
    "leakline.aura.action": pl.List(pl.String()),
    "leakline.aura.controller": pl.List(pl.String()),
    "leakline.aura.method": pl.List(pl.String()),
    "leakline.aura.duration": pl.List(pl.Int64()),
    "leakline.aura.count": pl.Int64(),
}
"""`action`, `controller` and `method` name each once, in the cell's order; `duration` has those that are given (ms);
`count` is how many calls there were: `250$…` is a bundle of so many."""


_NAMED: dict[str, pl.DataType] = {
    "name": pl.String(),
    "leakline.aura.action": pl.String(),
    "leakline.aura.controller": pl.String(),
    "leakline.aura.method": pl.String(),
    "leakline.aura.count": pl.Int64(),
}


@dataclass(frozen=True, slots=True)
class Action:
    """One action of a cell."""

    count: int
    """Calls, from 1 to `MOST_CALLS`."""
    scheme: str
    """In lower case; empty where none is given."""
    controller: str
    """As written, with all its packages."""
    method: str
    apex: str | None
    """`Class.method`, where the action runs Apex and says which."""
    duration: int | None
    """Milliseconds."""

    @property
    def named(self) -> tuple[str, str]:
        """Controller, without the packages that only Salesforce's own have, and method; of Apex the class."""
        if self.apex:
            name, _, method = self.apex.rpartition(".")
            return (name, method) if name else (method, self.method)
        if self.scheme == "apex":  # there the part before the dot is a package's namespace
            return self.controller.rpartition("$")[2], self.method
        return re.split(r"[./:$]", self.controller)[-1], self.method


def parsed(text: str) -> Action | None:
    """An action in whatever spelling, unquoted; None for a text that is none."""
    text = text.strip()
    time = re.search(_DURATION, text)
    name = (text[: time.start()] if time else text)[:_LONGEST]
    found = _SLASH.match(name) or _DOT.match(name)
    if found is None:
        return None
    return Action(
        min(max(int(found["count"] or 1), 1), MOST_CALLS),
        (found["scheme"] or "").lower(),
        found["controller"],
        found["method"],
        (found["apex"] or "").strip() or None,
        int(time[1]) if time else None,
    )


def unquoted(cell: str) -> str:
    """A cell, or what it says if it is percent-encoded: that may hide the marks between actions."""
    return unquote(cell) if "%" in cell else cell


def split_actions(cells: pl.Series) -> dict[str, pl.Series]:
    """`FIELDS` for a column of `ACTION_MESSAGE` (`String`), those that occur; null for a cell without an action."""
    values = cells.unique().drop_nulls()
    found = _split(values)
    if found is None:
        return {}
    places = cells.cast(pl.Enum(values)).to_physical()
    columns = {name: _without_empty(found[name]).gather(places) for name in FIELDS}
    return {name: column for name, column in columns.items() if column.null_count() < column.len()}


def _split(values: pl.Series) -> pl.DataFrame | None:
    """`FIELDS` row for row beside `values` (`String`, no nulls); None if there is no action in any."""
    quoted = values.str.contains("%", literal=True)
    if quoted.any():
        values = values.zip_with(~quoted, values.map_elements(unquoted, pl.String))
    texts = values.str.head(_CELL).alias("text").to_frame().with_row_index("row")
    texts = texts.with_columns(pl.col("text").str.split(";")).explode("text")
    texts = texts.with_columns(pl.col("text").str.strip_chars()).filter(pl.col("text") != "")
    if texts.height == 0:
        return None
    parts = texts.select(
        "row",
        pl.col("text").str.replace(_DURATION, "").str.head(_LONGEST).alias("name"),
        pl.col("text").str.extract(_DURATION).cast(pl.Int64).alias("leakline.aura.duration"),
    )
    parts = parts.join(_names(parts["name"].unique()), on="name", how="left", maintain_order="left")
    named = ("leakline.aura.action", "leakline.aura.controller", "leakline.aura.method")
    lists = parts.group_by("row").agg(
        *(pl.col(name).drop_nulls().unique(maintain_order=True).head(MOST) for name in named),
        pl.col("leakline.aura.duration").drop_nulls().head(MOST),
        pl.col("leakline.aura.count").fill_null(1).sum(),
    )
    rows = pl.int_range(values.len(), dtype=pl.get_index_type(), eager=True).alias("row").to_frame()
    return rows.join(lists, on="row", how="left", maintain_order="left")


def _names(texts: pl.Series) -> pl.DataFrame:
    """Action, controller, method and calls for each distinct text; null where it is none."""
    return pl.DataFrame([_row(text) for text in texts], schema=_NAMED, orient="row")


def _row(text: str) -> tuple[str, str | None, str | None, str | None, int | None]:
    action = parsed(text)
    if action is None:
        return text, None, None, None, None
    controller, method = action.named
    return text, f"{controller}.{method}" if controller else method, controller or None, method, action.count


def _without_empty(column: pl.Series) -> pl.Series:
    """Null where a list is empty; a column of another type as it is."""
    if not isinstance(column.dtype, pl.List):
        return column
    return column.zip_with((column.list.len() > 0).fill_null(False), pl.Series([None], dtype=column.dtype))
