"""Runs a SOQL tree over the objects: what the org refuses, and the records it answers with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from agent.simulator.api.soql import (
    Comparison,
    Condition,
    Conjunction,
    Disjunction,
    Literal,
    Negation,
    Ordering,
    Query,
    SelectItem,
    SoqlError,
    Value,
)
from agent.simulator.org.objects import FieldType, Record, Table
from agent.simulator.world.record_id import long_id

_FIELDS_LIMIT = 200


def run(query: Query, table: Table, api_version: str) -> tuple[int, list[Record]]:
    """The number of rows and the answer's records, `attributes` included. Raises SoqlError."""
    _check(query, table)
    rows = list(table.rows())
    if table.name == "EventLogFile" and "Interval" in table.fields and not _names_kind_of_file(query.where):
        rows = [row for row in rows if row["Interval"] == "Daily"]  # as the real one, without a word
    rows = [row for row in rows if query.where is None or _holds(query.where, row, table)]
    if _is_plain_count(query):
        return len(rows), []
    if query.group_by or any(item.function for item in query.selected if item.function != "fields"):
        records = _limited(_aggregated(query, rows, table), query)
        return len(records), records
    rows = _limited(_ordered(rows, query.order_by, table), query)
    names = [name for item in query.selected for name in _names(item, table)]
    return len(rows), [_record(row, names, table, api_version) for row in rows]


def _is_plain_count(query: Query) -> bool:
    return query.selected == [SelectItem("", "count")]


def _check(query: Query, table: Table) -> None:
    for item in query.selected:
        if item.function == "fields" and item.field == "ALL" and (query.limit is None or query.limit > _FIELDS_LIMIT):
            raise SoqlError("The SOQL FIELDS function must have a LIMIT of at most 200")
        if item.field and item.function != "fields":
            _own(item.field, table)
    for name in (*query.group_by, *(ordering.field for ordering in query.order_by)):
        _own(name, table)
    for comparison in _comparisons(query.where):
        _check_comparison(comparison, table)


def _check_comparison(comparison: Comparison, table: Table) -> None:
    name = _own(comparison.field, table)
    kind = table.fields[name]
    if name in table.unfilterable or kind == "base64":
        raise SoqlError(f"field '{name}' can not be filtered in a query call", "INVALID_FIELD")
    for literal in comparison.values:
        _check_type(name, kind, literal, comparison.operator)


_ACCEPTED: dict[FieldType, tuple[str, ...]] = {
    "datetime": ("datetime", "date", "range", "null"),
    "double": ("number", "null"),
    "int": ("number", "null"),
    "boolean": ("boolean", "null"),
}


def _check_type(name: str, kind: FieldType, literal: Literal, operator: str) -> None:
    if literal.kind not in _ACCEPTED.get(kind, ("string", "null")):
        raise SoqlError(
            f"value of filter criterion for field '{name}' must be of type {kind.replace('datetime', 'dateTime')} "
            "and should not be enclosed in quotes"
            if literal.kind == "string"
            else f"filter criterion for field '{name}' has the wrong type",
            "INVALID_FIELD",
        )
    if literal.kind == "date" and kind == "datetime":
        raise SoqlError(f"value of filter criterion for field '{name}' must be of type dateTime", "INVALID_FIELD")
    if operator == "like" and kind not in ("string", "picklist"):
        raise SoqlError(f"invalid operator on {kind} field", "INVALID_QUERY_FILTER_OPERATOR")
    if (
        kind == "id"
        and literal.kind == "string"
        and not re.fullmatch(r"[0-9A-Za-z]{15}(?:[A-Z0-5]{3})?", str(literal.value))
    ):
        raise SoqlError(f"invalid ID field: {literal.value}", "INVALID_QUERY_FILTER_OPERATOR")


def _own(name: str, table: Table) -> str:
    own = table.field(name)
    if own is None:
        relation = name.rpartition(".")[0]
        if relation and relation.lower() not in {relation_name.lower() for relation_name in table.relations}:
            raise SoqlError(f"Didn't understand relationship '{relation}' in field path.", "INVALID_FIELD")
        raise SoqlError(f"No such column '{name}' on entity '{table.name}'.", "INVALID_FIELD")
    return own


def _comparisons(where: Condition | None) -> Iterator[Comparison]:
    if isinstance(where, Comparison):
        yield where
    elif isinstance(where, Negation):
        yield from _comparisons(where.part)
    elif where is not None:
        for part in where.parts:
            yield from _comparisons(part)


def _names_kind_of_file(where: Condition | None) -> bool:
    """Without a word on Interval, Sequence or Id only daily files come back."""
    return any(comparison.field.lower() in ("interval", "sequence", "id") for comparison in _comparisons(where))


def _holds(where: Condition, row: Record, table: Table) -> bool:
    match where:
        case Conjunction(parts):
            return all(_holds(part, row, table) for part in parts)
        case Disjunction(parts):
            return any(_holds(part, row, table) for part in parts)
        case Negation(part):
            return not _holds(part, row, table)
        case Comparison(name, operator, values):
            own = _own(name, table)
            return _compares(_comparable(row.get(own), table.fields[own]), operator, values, table.fields[own])


def _compares(actual: Any, operator: str, values: Sequence[Literal], kind: FieldType) -> bool:
    if operator in ("in", "not in"):
        return any(_compares(actual, "=", (value,), kind) for value in values) == (operator == "in")
    literal = values[0]
    if operator == "like":
        return actual is not None and bool(_pattern(str(literal.value)).fullmatch(str(actual)))
    if literal.end is not None:
        return _compares_span(actual, operator, literal)
    wanted = _comparable(literal.value, kind)
    if operator in ("=", "!="):
        return bool(actual == wanted) == (operator == "=")
    return actual is not None and wanted is not None and _ORDERS[operator](actual, wanted)


_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _compares_span(actual: Any, operator: str, span: Literal) -> bool:
    if actual is None:
        return operator == "!="
    inside = span.value <= actual < span.end
    answers: dict[str, bool] = {
        "=": inside,
        "!=": not inside,
        "<": actual < span.value,
        "<=": actual < span.end,
        ">": actual >= span.end,
        ">=": actual >= span.value,
    }
    return answers[operator]


def _comparable(value: Value | Any, kind: FieldType) -> Any:
    """Ids compare in their long form, texts without case, date-times as moments."""
    if value is None:
        return None
    if kind == "id":
        return long_id(str(value))
    if kind in ("string", "picklist"):
        return str(value).lower()
    if kind == "datetime":
        return (
            value
            if isinstance(value, datetime)
            else datetime.strptime(str(value), "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC)
        )
    return value


def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"(\\%|\\_|%|_)", text.lower())
    kinds = {"%": ".*", "_": ".", "\\%": "%", "\\_": "_"}
    return re.compile("".join(kinds.get(part, re.escape(part)) for part in parts), re.DOTALL)


def _ordered(rows: list[Record], orderings: list[Ordering], table: Table) -> list[Record]:
    for ordering in reversed(orderings):
        name = _own(ordering.field, table)
        kind = table.fields[name]
        empty = [row for row in rows if row.get(name) is None]
        filled = [row for row in rows if row.get(name) is not None]
        filled.sort(key=lambda row, name=name, kind=kind: _comparable(row[name], kind), reverse=ordering.descending)  # type: ignore[misc]
        rows = filled + empty if ordering.nulls_last else empty + filled
    return rows


def _limited(rows: list[Record], query: Query) -> list[Record]:
    end = None if query.limit is None else query.offset + query.limit
    return rows[query.offset : end]


def _aggregated(query: Query, rows: list[Record], table: Table) -> list[Record]:
    keys = [_own(name, table) for name in query.group_by]
    for item in query.selected:
        if not item.function and _own(item.field, table) not in keys:
            raise SoqlError(f"Field must be grouped or aggregated: {item.field}")
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
                name = _own(item.field, table)
                record[name] = group[0].get(name)
        answer.append(record)
    return answer


def _aggregate(item: SelectItem, rows: list[Record], table: Table) -> Any:
    if not item.field:
        return len(rows)
    name = _own(item.field, table)
    values = [row[name] for row in rows if row.get(name) is not None]
    if item.function == "count":
        return len(values)
    if item.function == "count_distinct":
        return len(set(values))
    chosen = max if item.function == "max" else min
    return chosen(values, key=lambda value: _comparable(value, table.fields[name]), default=None)


def _names(item: SelectItem, table: Table) -> list[str]:
    if item.function == "fields":
        return [name for name in table.fields if "." not in name]
    return [_own(item.field, table)]


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
