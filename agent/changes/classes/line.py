"""A line of a table: a key of the governed settings, how its direction is found, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from agent.changes.classes.change_class import ChangeClass, Difference
from agent.changes.classes.directions import Direction, ValueChange


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is."""

    path: str
    """With the names of entries: `notice.people[alice].roles`."""
    pattern: str
    """Without: `notice.people[].roles`; a key that people choose is `*`."""

    def key(self, key: str) -> Place:
        return Place(_joined(self.path, key), _joined(self.pattern, key))

    def chosen(self, key: str) -> Place:
        """A key that people choose, such as the name of a group."""
        return Place(_joined(self.path, key), _joined(self.pattern, "*"))

    def difference(self, change: ValueChange, change_class: ChangeClass, why: str) -> Difference:
        return Difference(self.path, change.before, change.after, change_class, why)

    def entry(self, name: object) -> Place:
        return Place(f"{self.path}[{name}]", f"{self.pattern}[]")


Compare = Callable[[Place, ValueChange], Iterator[Difference]]
"""The differences of a value and of what is below it."""


class Container(Protocol):
    """How a value is compared that has others below it."""

    def differences(self, place: Place, change: ValueChange, reason: str, compare: Compare) -> Iterator[Difference]:
        """`change`: two values that differ; `reason`: the line's; `compare`: for what is below."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """What a change at a path does."""

    pattern: str
    """See `Place.pattern`."""
    judge: Direction | Container
    reason: str
    """One sentence that explains either direction."""


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
