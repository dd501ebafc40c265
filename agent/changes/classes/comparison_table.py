"""The differences of two documents, by a table that says what each change does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agent.changes.classes.change_class import Difference
from agent.changes.classes.directions import ValueChange
from agent.changes.classes.equality import is_same
from agent.changes.classes.line import Line, Place

UNKNOWN = "It is not known what this key does, so any change of it weakens."


class ComparisonTable:
    """Of documents whose keys a table has. What the table does not have weakens."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines: dict[str, Line] = {}
        for line in lines:
            if line.pattern in self._lines:
                raise ValueError(f"two lines are for {line.pattern}")
            self._lines[line.pattern] = line

    @property
    def patterns(self) -> set[str]:
        return set(self._lines)

    def differences(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
        """In the order of the document before; keys that are new come last."""
        root = Place("", "")
        found: list[Difference] = []
        for key in dict.fromkeys([*before, *after]):
            found += self._compare(root.key(key), ValueChange(before.get(key), after.get(key), before, after))
        return found

    def _compare(self, place: Place, change: ValueChange) -> Iterator[Difference]:
        if is_same(change.before, change.after):
            return
        line = self._lines.get(place.pattern)
        if line is None:
            yield place.difference(change, "weaken", UNKNOWN)
        elif callable(line.judge):
            yield place.difference(change, line.judge(change), line.reason)
        else:
            yield from line.judge.differences(place, change, line.reason, self._compare)
