"""Filling the fields that hold the raw cells of a frame, and telling which cells they would not give back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Dict

import polars as pl

from agent.columns.addresses import split_addresses
from agent.normalize.event_time import is_plain_compact, is_plain_iso, read_time, write_compact, write_iso
from agent.normalize.mapping.mapping import TWIN, Mapping, TargetField
from agent.normalize.mapping.value_kinds import KINDS
from agent.normalize.raw_cells import RawCells

Cells = Dict[str, pl.Series]
"""The raw columns of a frame by name, all `String`."""

Fields = Dict[str, pl.Series]

TIME_FIELD = "@timestamp"
PROVIDER = "event.provider"
"""The event type, as the batch names it."""
SERVICE = "leakline.service"
"""The service that the event type belongs to, as rules name it (`event_log_file`, …)."""


def homes_of(mapping: Mapping, cells: Cells) -> dict[str, TargetField]:
    """The home of each column that can have one. Of two columns that want one field, the header's own column gets it."""
    homes: dict[str, TargetField] = {}
    owners: dict[str, str] = {}
    for column in sorted(cells, key=lambda name: (name not in mapping.header, name)):
        home = mapping.home(column, cells)
        if home is None:
            continue
        owner = owners.setdefault(home.field, column)
        if owner == column or home.kind == "time" or column in (owner + TWIN, owner.removesuffix(TWIN)):
            homes[column] = home
    return homes


def is_readable(mapping: Mapping, column: str, home: TargetField) -> bool:
    """Whether a column can be read back from its home: the field is its own, or the type is known to have the column."""
    return column in mapping.header or home.field == f"salesforce.{column.lower()}"


def address_field(field: str) -> str:
    """Where text goes that is no address: `source.ip` to `source.address`."""
    return field.removesuffix(".ip") + ".address"


def fill(cells: Cells, homes: Dict[str, TargetField], wanted: Callable[[str], bool]) -> Iterator[tuple[str, pl.Series]]:
    """Fields with the values of the columns at home in them, for the fields that are `wanted`."""
    times = {}
    for column, home in homes.items():
        if not wanted(home.field):
            continue
        if home.kind == "time":
            times[column] = cells[column]
        elif home.kind == "address":
            address, other = split_addresses(cells[column])
            yield home.field, address
            if other is not None:
                yield address_field(home.field), other
        elif home.kind == "long_id":
            if column.removesuffix(TWIN) not in homes:
                yield home.field, cells[column]
        elif home.kind == "id":
            yield home.field, _ids(cells[column], cells.get(column + TWIN))
        else:
            yield home.field, KINDS[home.kind].read(cells[column])
    if times:
        derived = next((times[column] for column in times if column.endswith(TWIN)), None)
        compact = next((times[column] for column in times if not column.endswith(TWIN)), None)
        yield TIME_FIELD, read_time(derived, compact)


def _ids(short: pl.Series, long: pl.Series | None) -> pl.Series:
    if long is None:
        return KINDS["id"].read(short)
    if long.null_count() == 0:
        return long
    return long.zip_with(long.is_not_null(), KINDS["id"].read(short))


def leftovers(mapping: Mapping, cells: Cells, fields: Fields, homes: Dict[str, TargetField]) -> Iterator[RawCells]:
    """The cells that reading the fields back would not give."""
    plain = _plain_times(cells, homes, fields)
    for column, raw in cells.items():
        home = homes.get(column)
        if home is None or not is_readable(mapping, column, home):
            if raw.null_count() < raw.len():
                yield RawCells(column, raw, raw.is_not_null())
        elif column not in plain and not _is_plain(raw, home, fields):
            written = read_back(column, home, fields)
            rows = raw.is_not_null() if written is None else raw.ne_missing(written)
            if rows.any():
                yield RawCells(column, raw, rows)
    for column in sorted(mapping.header - cells.keys()):
        home = mapping.home(column, mapping.header)
        written = read_back(column, home, fields) if home is not None else None
        if written is not None and written.null_count() < written.len():
            yield RawCells(column, None, written.is_not_null())


def read_back(column: str, home: TargetField, fields: Fields) -> pl.Series | None:
    """The text a column's cells would have, going by the fields (`String`); None if the field is not there."""
    value = fields.get(home.field)
    if home.kind == "address":
        other = fields.get(address_field(home.field))
        if value is None or other is None:
            return other if value is None else value
        return value.zip_with(value.is_not_null(), other)
    if value is None:
        return None
    if home.kind == "time":
        return write_iso(value) if column.endswith(TWIN) else write_compact(value)
    return KINDS[home.kind].write(value)


def _is_plain(raw: pl.Series, home: TargetField, fields: Fields) -> bool:
    """Whether no cell of the column is left over, as far as a cheap look can tell."""
    value = fields.get(home.field)
    if value is None or home.kind in ("time", "address"):
        return False
    if home.kind == "text" and (home.field == PROVIDER or home.field.startswith("user.")):
        return False  # not filled from the column alone: enrichment knows names, and every row has a provider
    return KINDS[home.kind].is_plain(raw, value)


def _plain_times(cells: Cells, homes: Dict[str, TargetField], fields: Fields) -> set[str]:
    """The columns that tell the time exactly as it would be written."""
    times = [column for column, home in homes.items() if home.kind == "time"]
    plain = {column for column in times if column.endswith(TWIN) and is_plain_iso(cells[column], fields[TIME_FIELD])}
    return plain | {
        column for column in times if column + TWIN in plain and is_plain_compact(cells[column], cells[column + TWIN])
    }
