"""Which rows a condition holds for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from agent.simulator.api.filters.refusals import own_field
from agent.simulator.api.filters.soql import Comparison, Condition, Conjunction, Disjunction, Literal, Negation, Value
from agent.simulator.org.objects import Table
from agent.simulator.records.record_kind import FieldType, Record
from agent.simulator.world.record_id import long_id


def holds(where: Condition, row: Record, table: Table) -> bool:
    """Raises SoqlError for a field that there is not."""
    match where:
        case Conjunction(parts):
            return all(holds(part, row, table) for part in parts)
        case Disjunction(parts):
            return any(holds(part, row, table) for part in parts)
        case Negation(part):
            return not holds(part, row, table)
        case Comparison(name, operator, values):
            own = own_field(name, table)
            return _compares(comparable(row.get(own), table.fields[own]), operator, values, table.fields[own])


def _compares(actual: Any, operator: str, values: Sequence[Literal], kind: FieldType) -> bool:
    if operator in ("in", "not in"):
        return any(_compares(actual, "=", (value,), kind) for value in values) == (operator == "in")
    literal = values[0]
    if operator == "like":
        return actual is not None and bool(_pattern(str(literal.value)).fullmatch(str(actual)))
    if literal.end is not None:
        return _compares_span(actual, operator, literal)
    wanted = comparable(literal.value, kind)
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


def comparable(value: Value | Any, kind: FieldType) -> Any:
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
