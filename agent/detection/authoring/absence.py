"""Which fields the rows of an event type have, and whether a condition can hold for rows that lack some.

A test on a field that is not there is false, but for the one that asks for its absence.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from agent.detection.condition.event_type import COLUMNS as TYPE_COLUMNS
from agent.detection.condition.tree import FALSE, TRUE, Match, Node, Null, Reference, Text, fields, substituted


@dataclass(frozen=True, slots=True)
class LogFileColumns:
    """What rows of log files have."""

    by_type: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Event type in lower case to the columns of its files and the fields that these fill. Of a type that is not here
    nothing is known."""
    fed: Mapping[str, str] = field(default_factory=dict)
    """Computed fields that come from columns alone, to the words for what would fill them."""
    spelling: Mapping[str, str] = field(default_factory=dict)
    """Event type in lower case to how it is written."""
    computed: frozenset[str] = frozenset()
    """Names with a dot that rows may have; empty: nothing is known of them."""

    def know(self, types: Collection[str] | None) -> bool:
        """Whether something is known of each of these types."""
        return bool(types) and self.by_type.keys() >= set(types or ())

    def lack(self, name: str, event_type: str) -> bool:
        """Whether rows of a type that is known cannot have the field."""
        return name not in self.by_type[event_type] and (
            name in self.fed or ("." not in name and not name.startswith("@"))
        )

    def reason(self, name: str, types: Collection[str]) -> str:
        """That the files of these types do not have it, in words."""
        written = ", ".join(sorted(self.spelling.get(event_type, event_type) for event_type in types))
        return f"no column {self.fed.get(name, name)} in files of {written}"


def without(node: Node, absent: Callable[[str], bool], event_type: str | None = None) -> Node:
    """What is left of a condition for rows that lack the absent fields. `event_type`: of all rows, in lower case."""

    def judge(leaf: Match) -> Node:
        if event_type is not None and leaf.field in TYPE_COLUMNS and isinstance(leaf.test, Text):
            return _holds(leaf.test, event_type, leaf)
        if isinstance(leaf.test, Reference) and absent(leaf.test.field):
            return FALSE
        if leaf.field is not None and absent(leaf.field):
            return TRUE if isinstance(leaf.test, Null) else FALSE
        return leaf

    return substituted(node, judge)


def _holds(test: Text, event_type: str, leaf: Match) -> Node:
    if test.how != "equals":
        return leaf
    return TRUE if event_type in {value.lower() for value in test.values} else FALSE


def barring(
    node: Node, columns: LogFileColumns, types: Collection[str], lacking: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Field and event type of what keeps the condition from holding for rows of any of the types; nothing if it can for one.

    `types`: in lower case, all known to `columns`; `lacking`: fields that rows of no type have.
    """
    found: list[tuple[str, str]] = []
    for event_type in sorted(types):
        absent = [name for name in fields(node) if name in lacking or columns.lack(name, event_type)]
        if without(node, absent.__contains__, event_type) != FALSE:
            return
        alone = [name for name in absent if without(node, name.__eq__, event_type) == FALSE]
        found += [(name, event_type) for name in alone or absent]
    yield from found
