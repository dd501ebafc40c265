"""What an org refuses of a query before it looks at any row: fields that there are not, filters that a field does not take."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.simulator.api.filters.soql import Comparison, Condition, Literal, Negation, Query, SoqlError
from agent.simulator.org.objects import Table
from agent.simulator.records.record_kind import FieldType

_FIELDS_LIMIT = 200
_LOOK_IT_UP = " Please reference your WSDL or the describe call for the appropriate names."
UNKNOWN_FIELD = (
    "No such column '{name}' on entity '{entity}'. If you are attempting to use a custom field, be sure to append the "
    "'__c' after the custom field name." + _LOOK_IT_UP
)
UNKNOWN_RELATION = (
    "Didn't understand relationship '{relation}' in field path. If you are attempting to use a custom relationship, be "
    "sure to append the '__r' after the custom relationship name." + _LOOK_IT_UP
)
UNKNOWN_ENTITY = (
    "sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' "
    "after the entity name." + _LOOK_IT_UP
)


def check(query: Query, table: Table) -> None:
    """Raises SoqlError for what this object does not answer."""
    for item in query.selected:
        if item.function == "fields" and item.field == "ALL" and (query.limit is None or query.limit > _FIELDS_LIMIT):
            raise SoqlError("The SOQL FIELDS function must have a LIMIT of at most 200")
        if item.field and item.function != "fields":
            own_field(item.field, table)
        if table.counts_only and item.field and item.function not in ("", "fields"):
            raise SoqlError(f"field {item.field} does not support aggregate operator {item.function.upper()}")
    for name in (*query.group_by, *(ordering.field for ordering in query.order_by)):
        own_field(name, table)
    for comparison in comparisons(query.where):
        _check_comparison(comparison, table)


def _check_comparison(comparison: Comparison, table: Table) -> None:
    name = own_field(comparison.field, table)
    kind = table.fields[name]
    if name in table.unfilterable or kind == "base64":
        raise SoqlError(f"field '{name}' can not be filtered in a query call", "INVALID_FIELD", word=comparison.field)
    for literal in comparison.values:
        _check_type(name, kind, literal, comparison.operator)
    if comparison.operator == "like" and name in table.no_like:
        raise SoqlError(f"invalid operator on {kind} field", "INVALID_QUERY_FILTER_OPERATOR", word=comparison.field)


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
            word=name,
        )
    if literal.kind == "date" and kind == "datetime":
        message = f"value of filter criterion for field '{name}' must be of type dateTime"
        raise SoqlError(message, "INVALID_FIELD", word=name)
    if operator == "like" and kind not in ("string", "picklist"):
        raise SoqlError(f"invalid operator on {kind} field", "INVALID_QUERY_FILTER_OPERATOR", word=name)
    if (
        kind == "id"
        and literal.kind == "string"
        and not re.fullmatch(r"[0-9A-Za-z]{15}(?:[A-Z0-5]{3})?", str(literal.value))
    ):
        raise SoqlError(f"invalid ID field: {literal.value}", "INVALID_QUERY_FILTER_OPERATOR", word=name)


def own_field(name: str, table: Table) -> str:
    """The field's own spelling. Raises SoqlError where the object has none of this name."""
    own = table.field(name)
    if own is None:
        relation = name.rpartition(".")[0]
        if relation and relation.lower() not in {relation_name.lower() for relation_name in table.relations}:
            raise SoqlError(UNKNOWN_RELATION.format(relation=relation), "INVALID_FIELD", word=name)
        raise SoqlError(UNKNOWN_FIELD.format(name=name, entity=table.name), "INVALID_FIELD", word=name)
    return own


def comparisons(where: Condition | None) -> Iterator[Comparison]:
    """All that a condition is made of."""
    if isinstance(where, Comparison):
        yield where
    elif isinstance(where, Negation):
        yield from comparisons(where.part)
    elif where is not None:
        for part in where.parts:
            yield from comparisons(part)
