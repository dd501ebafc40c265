"""The way back: from shaped events, fresh or read from an archive, to the raw frame that rules were written for."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import polars as pl

from agent.columns.distinct import all_null
from agent.columns.timestamp import TIME
from agent.normalize.cell_fields import PROVIDER, SERVICE, TIME_FIELD, is_readable, read_back
from agent.normalize.event_time import read_time
from agent.normalize.mapping.mapping import Mapping, Mappings

_ROW = "\x00row"
_PREFIX = "salesforce."
_DATASET = "event.dataset"


def unshape(shaped: pl.DataFrame, mappings: Mappings) -> pl.DataFrame:
    """Raw vendor columns (`String`, null for an empty cell) and `event.id`, row for row in the given order.

    `shaped`: events of any types, under dotted names; `@timestamp` may be text, as in an archive that was read again.
    Columns of the result are those with a value in some row. `leakline.raw_cells` is put back where it belongs.
    """
    if shaped.height == 0:
        return shaped.select("event.id")
    numbered = shaped.with_row_index(_ROW)
    if PROVIDER not in shaped.columns:
        return _unshape(numbered, mappings.get("", "")).drop(_ROW)
    keys = [name for name in (PROVIDER, SERVICE, _DATASET) if name in shaped.columns]
    parts = [
        _unshape(part, mappings.get(_service(part), str(part[PROVIDER][0])))
        for part in numbered.partition_by(keys, maintain_order=True)
    ]
    return pl.concat(parts, how="diagonal").sort(_ROW).drop(_ROW)


def _service(part: pl.DataFrame) -> str:
    """The service of rows that all have the same one; events from before there were services are log files."""
    first = part.row(0, named=True)
    return service_of(first.get(SERVICE), first.get(_DATASET)) or "event_log_file"


def service_of(service: object, dataset: object) -> str:
    """The service of an event by its `leakline.service` and `event.dataset`; empty for one that is not Salesforce's.

    Events from before there was `leakline.service` have it in their data set (`salesforce.event_log_file`).
    """
    text = str(dataset or "")
    if service and not text.startswith("leakline."):
        return str(service)
    return text.removeprefix(_PREFIX) if text.startswith(_PREFIX) else ""


def _unshape(part: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """Rows of one event type, with `_ROW`, to their raw columns (`String`), with `_ROW` and `event.id`."""
    fields = {column.name: column for column in part.get_columns()}
    if TIME_FIELD in fields and fields[TIME_FIELD].dtype != TIME:
        fields[TIME_FIELD] = read_time(fields[TIME_FIELD].cast(pl.String), None)
    columns: dict[str, pl.Series] = {}
    for column in _columns(part, mapping):
        target = mapping.target(column, mapping.header)
        if target is not None and is_readable(mapping, column, target):
            written = read_back(column, target, fields)
            if written is not None:
                columns[column] = written.cast(pl.String)
    if "leakline.raw_cells" in fields:
        columns = _put_back(columns, fields["leakline.raw_cells"])
    kept = [values.alias(name) for name, values in columns.items() if values.null_count() < part.height]
    return part.select(_ROW, "event.id").with_columns(kept)


def _columns(part: pl.DataFrame, mapping: Mapping) -> Iterator[str]:
    """The header's columns, and those that only this file had: `salesforce.some_new` was `SOME_NEW`."""
    yield from mapping.header
    if mapping.type_column:
        return  # of other columns the lower-case name does not tell the spelling: their cells are in leakline.raw_cells
    known = {target.field for column in mapping.header if (target := mapping.target(column, mapping.header))}
    for name in part.columns:
        if name.startswith(_PREFIX) and "." not in name.removeprefix(_PREFIX) and name not in known:
            yield name.removeprefix(_PREFIX).upper()


def _put_back(columns: dict[str, pl.Series], raw_cells: pl.Series) -> dict[str, pl.Series]:
    """Row by row, for the rare rows that have any."""
    rows = raw_cells.is_not_null().arg_true()
    patches: dict[str, dict[int, str | None]] = {}
    for row, text in zip(rows, raw_cells.gather(rows), strict=True):
        for column, cell in orjson.loads(text).items():
            patches.setdefault(column, {})[row] = cell
    nothing = all_null(raw_cells.len())
    for column, cells in patches.items():
        values = pl.Series(list(cells.values()), dtype=pl.String)
        columns[column] = columns.get(column, nothing).clone().scatter(list(cells), values)
    return columns
