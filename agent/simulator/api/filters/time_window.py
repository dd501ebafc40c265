"""Which window of time a condition leaves of a field, so that rows outside of it need not be made."""

from __future__ import annotations

from datetime import UTC, datetime

from agent.simulator.api.filters.soql import Comparison, Condition, Conjunction, Disjunction, Literal

EVER = 1 << 52
"""Milliseconds since 1970, before and after which nothing happens."""

Window = tuple[int, int]


def time_window(where: Condition | None, name: str) -> Window:
    """The milliseconds since 1970 between which `name` has to be, both ends in it; all of time where nothing bounds it."""
    match where:
        case Comparison(field, operator, values) if field.lower() == name.lower():
            return _of_comparison(operator, values)
        case Conjunction(parts):
            windows = [time_window(part, name) for part in parts]
            return max(low for low, _ in windows), min(high for _, high in windows)
        case Disjunction(parts):
            windows = [time_window(part, name) for part in parts]
            return min(low for low, _ in windows), max(high for _, high in windows)
    return -EVER, EVER


def _of_comparison(operator: str, values: tuple[Literal, ...]) -> Window:
    moments = [moment for value in values for moment in (value.value, value.end or value.value)]
    times = [int(moment.astimezone(UTC).timestamp() * 1000) for moment in moments if isinstance(moment, datetime)]
    if len(times) < len(moments) or operator not in ("=", "in", "<", "<=", ">", ">="):
        return -EVER, EVER
    low = min(times) if operator in ("=", "in", ">", ">=") else -EVER
    high = max(times) if operator in ("=", "in", "<", "<=") else EVER
    return low, high
