"""Which event types a condition can match, as far as it says so."""

from __future__ import annotations

from collections.abc import Collection

from agent.detection.condition.tree import And, Match, Node, Or, Text

COLUMNS = ("EVENT_TYPE", "EventType")
"""Columns that say what kind of row it is."""


def event_types(node: Node, columns: Collection[str] = COLUMNS) -> frozenset[str] | None:
    """Names in lower case; None where the condition leaves it open. `columns`: those that name the event type."""
    match node:
        case Match(str(field), Text("equals", values)) if field in columns:
            return frozenset(value.lower() for value in values)
        case And(children):
            known = [types for child in children if (types := event_types(child, columns)) is not None]
            return frozenset.intersection(*known) if known else None
        case Or(children):
            each = [event_types(child, columns) for child in children]
            return frozenset().union(*(types for types in each if types is not None)) if None not in each else None
        case _:
            return None
