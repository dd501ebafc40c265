"""Runs a SOQL tree over the objects: what the org refuses, and the records it answers with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from agent.simulator.api.filters.big_object import MOST_ROWS, check_big_object, window_of
from agent.simulator.api.filters.match import comparable, holds
from agent.simulator.api.filters.refusals import check, comparisons, own_field
from agent.simulator.api.filters.soql import (
    Condition,
    Ordering,
    Query,
    SelectItem,
    SoqlError,
)
from agent.simulator.api.filters.time_window import time_window
from agent.simulator.org.objects import Table
from agent.simulator.records.record_kind import Record


def run(query: Query, table: Table, api_version: str, *, all_rows: bool = False) -> tuple[int, list[Record]]:
    """The number of rows and the answer's records, `attributes` included; `all_rows`: with deleted ones. Raises SoqlError."""
    if not table.queryable:
        raise SoqlError(f"entity type {table.name} does not support query", "INVALID_TYPE_FOR_OPERATION")
    check(query, table)
    if table.newest is not None:
        return _newest(query, table, table.newest, api_version)
    rows = _rows(query, table, all_rows)
    if table.name == "EventLogFile" and "Interval" in table.fields and not _names_kind_of_file(query.where):
        rows = [row for row in rows if row["Interval"] == "Daily"]  # as the real one, without a word
    rows = [row for row in rows if query.where is None or holds(query.where, row, table)]
    if _is_plain_count(query):
        return len(rows), []
    if query.group_by or any(item.function for item in query.selected if item.function != "fields"):
        records = _limited(_aggregated(query, rows, table), query)
        return len(records), records
    rows = _limited(_ordered(rows, query.order_by, table), query)
    names = [name for item in query.selected for name in _names(item, table)]
    return len(rows), [_record(row, names, table, api_version) for row in rows]


def _rows(query: Query, table: Table, all_rows: bool) -> list[Record]:
    """Those that the query may be about."""
    if table.between is not None:
        return list(table.between(*time_window(query.where, table.time)))
    deleted = table.deleted() if all_rows and table.deleted is not None else ()
    return [*table.rows(), *deleted]


def _newest(
    query: Query, table: Table, newest: Callable[[int, int], Iterator[Record]], api_version: str
) -> tuple[int, list[Record]]:
    """Of a big object, at most a page: there is no next one."""
    check_big_object(query, table)
    low, high = window_of(query.where)
    matching = (row for row in newest(low, high) if query.where is None or holds(query.where, row, table))
    most = MOST_ROWS if query.limit is None else min(query.limit, MOST_ROWS)
    names = [name for item in query.selected for name in _names(item, table)]
    records = [_record(row, names, table, api_version) for row in islice(matching, most)]
    return len(records), records


def _is_plain_count(query: Query) -> bool:
    return query.selected == [SelectItem("", "count")]


def _names_kind_of_file(where: Condition | None) -> bool:
    """Without a word on Interval, Sequence or Id only daily files come back."""
    return any(comparison.field.lower() in ("interval", "sequence", "id") for comparison in comparisons(where))


def _ordered(rows: list[Record], orderings: list[Ordering], table: Table) -> list[Record]:
    for ordering in reversed(orderings):
        name = own_field(ordering.field, table)
        kind = table.fields[name]
        empty = [row for row in rows if row.get(name) is None]
        filled = [row for row in rows if row.get(name) is not None]
        filled.sort(key=lambda row, name=name, kind=kind: comparable(row[name], kind), reverse=ordering.descending)  # type: ignore[misc]
        rows = filled + empty if ordering.nulls_last else empty + filled
    return rows


def _limited(rows: list[Record], query: Query) -> list[Record]:
    end = None if query.limit is None else query.offset + query.limit
    return rows[query.offset : end]


def _aggregated(query: Query, rows: list[Record], table: Table) -> list[Record]:
    keys = [own_field(name, table) for name in query.group_by]
    for item in query.selected:
        if not item.function and own_field(item.field, table) not in keys:
            raise SoqlError(f"Field must be grouped or aggregated: {item.field}", word=item.field)
    groups: dict[tuple[Any, ...], list[Record]] = {} if keys else {(): rows}
    for row in rows if keys else []:
        groups.setdefault(tuple(row.get(key) for key in keys), []).append(row)
    answer = []
    for group in groups.values():
        record: Record = {"attributes": {"type": "AggregateResult"}}
        unnamed = 0
        for item in query.selected:
            if item.function:
                record[item.alias or f"expr{unnamed}"] = _aggregate(item, group, table)
                unnamed += not item.alias
            else:
                name = own_field(item.field, table)
                record[name] = group[0].get(name)
        answer.append(record)
    return answer


def _aggregate(item: SelectItem, rows: list[Record], table: Table) -> Any:
    if not item.field:
        return len(rows)
    name = own_field(item.field, table)
    values = [row[name] for row in rows if row.get(name) is not None]
    if item.function == "count":
        return len(values)
    if item.function == "count_distinct":
        return len(set(values))
    chosen = max if item.function == "max" else min
    return chosen(values, key=lambda value: comparable(value, table.fields[name]), default=None)


def _names(item: SelectItem, table: Table) -> list[str]:
    if item.function == "fields":
        return [name for name in table.fields if "." not in name]
    return [own_field(item.field, table)]


def _record(row: Record, names: list[str], table: Table, api_version: str) -> Record:
    ident = row.get("Id", "")
    url = f"/services/data/v{api_version}/sobjects/{table.name}/{ident}"
    record: Record = {"attributes": {"type": table.name, "url": url}}
    for name in names:
        relation, _, field = name.rpartition(".")
        if not relation:
            record[name] = row.get(name)
        elif row.get(name) is None:
            record.setdefault(relation, None)
        else:
            inner = record.get(relation) or {"attributes": {"type": table.relations[relation]}}
            record[relation] = inner | {field: row[name]}
    return record
