"""The actions of a Lightning request, which one cell of `ACTION_MESSAGE` names together.

A cell is `action=milliseconds;action=milliseconds…`
(https://developer.salesforce.com/docs/atlas.en-us.230.0.object_reference.meta/object_reference/sforce_api_objects_eventlogfile_lightning_component.htm),
and an action is spelled in many ways: `aura://RecordUiController/ACTION$getRecord`, `1$HostConfigController/ACTION$get`,
`apex://ns.Class/ACTION$method`, `serviceComponent://ui.lists.ListController/ACTION$getItems$object=Contact`,
`ListController.getItems`. In `leakline.aura.action` all of them are `Controller.method`.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

import polars as pl

MOST = 250
"""Distinct actions named of one cell; `leakline.aura.count` counts them all. A request of the page has at most so many."""

_LONGEST = 1_000
"""Characters of one action that are looked at."""
_ACTION = re.compile(
    r"(?:\d+\$)?(?:(?P<scheme>[A-Za-z]+)://)?(?P<controller>[\w.$/:-]+?)"
    r"(?:/ACTION\$|(?P<dot>\.))(?P<method>\w+)(?:\$.*)?",
    re.DOTALL,
)
_DURATION = r"=(\d{1,9})(?:\.\d*)?$"

FIELDS: dict[str, pl.DataType] = {
    "leakline.aura.action": pl.List(pl.String()),
    "leakline.aura.controller": pl.List(pl.String()),
    "leakline.aura.method": pl.List(pl.String()),
    "leakline.aura.duration": pl.List(pl.Int64()),
    "leakline.aura.count": pl.Int64(),
}
"""`action`, `controller` and `method` name each once, in the cell's order; `duration` has those that are given (ms)."""


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
    texts = values.alias("text").to_frame().with_row_index("row")
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
        pl.len().cast(pl.Int64).alias("leakline.aura.count"),
    )
    rows = pl.int_range(values.len(), dtype=pl.get_index_type(), eager=True).alias("row").to_frame()
    return rows.join(lists, on="row", how="left", maintain_order="left")


def _names(texts: pl.Series) -> pl.DataFrame:
    """Action, controller and method for each distinct text; null where it is none."""
    schema = dict.fromkeys(
        ("name", "leakline.aura.action", "leakline.aura.controller", "leakline.aura.method"), pl.String()
    )
    return pl.DataFrame([(text, *_parsed(text)) for text in texts], schema=schema, orient="row")


def _parsed(text: str) -> tuple[str | None, str | None, str | None]:
    found = _ACTION.fullmatch(unquote(text) if "%" in text else text)
    if found is None:
        return None, None, None
    controller = found["controller"]
    if (found["scheme"] or "").lower() != "apex":  # there the part before the dot is a package's namespace
        controller = re.split(r"[./:]", controller)[-1]
    controller = controller.rpartition("$")[2]
    return f"{controller}.{found['method']}", controller, found["method"]


def _without_empty(column: pl.Series) -> pl.Series:
    if not isinstance(column.dtype, pl.List):
        return column
    return column.zip_with((column.list.len() > 0).fill_null(False), pl.Series([None], dtype=column.dtype))
