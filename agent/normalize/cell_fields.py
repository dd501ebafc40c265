"""Filling the fields that hold the raw cells of a frame, and telling which cells they would not give back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from collections.abc import Mapping as Dict

import polars as pl

from agent.columns.addresses import split_addresses
from agent.columns.distinct import filled
from agent.columns.known_columns import or_else
from agent.normalize.event_time import is_plain_compact, is_plain_iso, read_time, write_compact, write_iso
from agent.normalize.mapping.mapping import PLAIN_NAME, TWIN, Mapping, TargetField
from agent.normalize.mapping.value_kinds import VALUE_KINDS
from agent.normalize.raw_cells import RawCells

Cells = Dict[str, pl.Series]
"""The raw columns of a frame by name, all `String`."""

Fields = Dict[str, pl.Series]

TIME_FIELD = "@timestamp"
PROVIDER = "event.provider"
"""The event type, as the batch names it."""
SERVICE = "leakline.service"
"""The service that the event type belongs to, as rules name it (`event_log_file`, …)."""


def target_fields(mapping: Mapping, columns: Collection[str]) -> dict[str, TargetField]:
    """The field of each column that can have one. Of two that want one field, the header's own column gets it."""
    targets: dict[str, TargetField] = {}
    owners: dict[str, str] = {}
    for column in sorted(columns, key=lambda name: (name not in mapping.header, name)):
        target = mapping.target(column, columns)
        if target is None:
            continue
        owner = owners.setdefault(target.field, column)
        if owner == column or target.value_kind == "time" or column in (owner + TWIN, owner.removesuffix(TWIN)):
            targets[column] = target
    return targets


def is_readable(mapping: Mapping, column: str, target: TargetField) -> bool:
    """Whether a column can be read back from its field: that is its own, or the type is known to have the column."""
    own = PLAIN_NAME.fullmatch(column) is not None and target.field == f"salesforce.{column.lower()}"
    return column in mapping.header or own


def address_field(field: str) -> str:
    """Where text goes that is no address: `source.ip` to `source.address`."""
    return field.removesuffix(".ip") + ".address"


def fill(
    cells: Cells, targets: Dict[str, TargetField], wanted: Callable[[str], bool]
) -> Iterator[tuple[str, pl.Series]]:
    """Fields with the values of the columns that they hold, for the fields that are `wanted`."""
    # A time is told by two columns, and one field holds it: both are collected, and read together at the end.
    times = {}
    for column, target in targets.items():
        if not wanted(target.field):
            continue
        if target.value_kind == "time":
            times[column] = cells[column]
        elif target.value_kind == "address":
            address, other = split_addresses(cells[column])
            yield target.field, address
            if other is not None:
                yield address_field(target.field), other
        elif target.value_kind == "long_id":
            # Beside its short form the twin is read with that (`_ids`), and fills no field of its own.
            if column.removesuffix(TWIN) not in targets:
                yield target.field, cells[column]
        elif target.value_kind == "id":
            yield target.field, _ids(cells[column], cells.get(column + TWIN))
        else:
            yield target.field, VALUE_KINDS[target.value_kind].read(cells[column])
    if times:
        derived = next((times[column] for column in times if column.endswith(TWIN)), None)
        compact = next((times[column] for column in times if not column.endswith(TWIN)), None)
        yield TIME_FIELD, read_time(derived, compact)


def _ids(short: pl.Series, long: pl.Series | None) -> pl.Series:
    """Ids of 18 characters (`String`): those of the twin column where it has them, else from the short ones."""
    if long is None:
        return VALUE_KINDS["id"].read(short)
    if long.null_count() == 0:
        return long
    return or_else(long, VALUE_KINDS["id"].read(short))


def cells_to_keep(
    mapping: Mapping,
    cells: Cells,
    fields: Fields,
    targets: Dict[str, TargetField],
    lacking: Iterable[tuple[str, TargetField]],
) -> Iterator[RawCells]:
    """The cells that reading the fields back would not give, by column; what is not kept here is lost.

    `fields`: all of the shaped frame so far, by name. `lacking`: columns of the header that this file lacks are asked
    too: where their field suggests a value, the row has to say that there was no cell.
    """
    plain = _plain_times(cells, targets, fields)
    for column, raw in cells.items():
        target = targets.get(column)
        if target is None or not is_readable(mapping, column, target):
            if raw.null_count() < raw.len():
                yield RawCells(column, raw, filled(raw))
        elif column not in plain and not _is_plain(raw, target, fields):
            written = read_back(column, target, fields)
            if written is None or not raw.equals(written):
                rows = filled(raw) if written is None else raw.ne_missing(written)
                if rows.any():
                    yield RawCells(column, raw, rows)
    for column, target in lacking:
        written = read_back(column, target, fields)
        if written is not None and written.null_count() < written.len():
            yield RawCells(column, None, filled(written))


def read_back(column: str, target: TargetField, fields: Fields) -> pl.Series | None:
    """The text a column's cells would have, going by the fields (`String`); None if the field is not there."""
    value = fields.get(target.field)
    if target.value_kind == "address":
        other = fields.get(address_field(target.field))
        if value is None or other is None:
            return other if value is None else value
        return or_else(value, other)
    if value is None:
        return None
    if target.value_kind == "time":
        return write_iso(value) if _is_iso(column) else write_compact(value)
    return VALUE_KINDS[target.value_kind].write(value)


def _is_plain(raw: pl.Series, target: TargetField, fields: Fields) -> bool:
    """Whether no cell of the column is left over, as far as a cheap look can tell."""
    value = fields.get(target.field)
    if value is None or target.value_kind in ("time", "address"):
        return False
    if target.value_kind == "text" and (target.field == PROVIDER or target.field.startswith("user.")):
        return False  # not filled from the column alone: enrichment knows names, and every row has a provider
    return VALUE_KINDS[target.value_kind].is_plain(raw, value)


def _is_iso(column: str) -> bool:
    """Whether a column of times spells them as `write_iso` does: the twin, and those of objects and streams."""
    return column.endswith(TWIN) or PLAIN_NAME.fullmatch(column) is None


def _plain_times(cells: Cells, targets: Dict[str, TargetField], fields: Fields) -> set[str]:
    """The columns that tell the time exactly as it would be written."""
    times = [column for column, target in targets.items() if target.value_kind == "time"]
    plain = {column for column in times if _is_iso(column) and is_plain_iso(cells[column], fields[TIME_FIELD])}
    return plain | {
        column for column in times if column + TWIN in plain and is_plain_compact(cells[column], cells[column + TWIN])
    }
