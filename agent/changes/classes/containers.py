"""Values that have others below them: objects, lists of names, lists of named objects, keys that people choose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.changes.classes.change_class import ChangeClass, Difference
from agent.changes.classes.directions import ValueChange
from agent.changes.classes.line import Compare, Place

DOUBTFUL = "The entries have no names of their own by which they could be compared."
REORDERED = "The first entry that fits is taken, so another order gives other results."


@dataclass(frozen=True, slots=True)
class Group:
    """An object with fixed keys, which may be left out."""

    added: ChangeClass = "strengthen"
    removed: ChangeClass = "weaken"

    def differences(self, place: Place, change: ValueChange, reason: str, compare: Compare) -> Iterator[Difference]:
        before, after = change.before, change.after
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            for key in dict.fromkeys([*before, *after]):
                yield from compare(place.key(key), ValueChange(before.get(key), after.get(key), before, after))
        elif before is None and isinstance(after, Mapping):
            yield place.difference(change, self.added, reason)
        elif after is None:
            yield place.difference(change, self.removed, reason)
        else:
            yield place.difference(change, "weaken", reason)


@dataclass(frozen=True, slots=True)
class Members:
    """A list of texts or numbers whose order means nothing."""

    added: ChangeClass = "strengthen"
    removed: ChangeClass = "weaken"
    empty_is_all: ChangeClass | None = None
    """Where no member means every member: the class of a change to that. What makes such a list anything but empty narrows."""

    def differences(self, place: Place, change: ValueChange, reason: str, compare: Compare) -> Iterator[Difference]:  # noqa: ARG002
        before, after = _listed(change.before), _listed(change.after)
        if before is None or after is None or not all(_is_plain(member) for member in (*before, *after)):
            yield place.difference(change, "weaken", reason)
            return
        if self.empty_is_all and not (before and after) and (before or after):
            yield place.difference(change, "weaken" if after else self.empty_is_all, reason)
            return
        gone = [member for member in dict.fromkeys(before) if member not in after]
        new = [member for member in dict.fromkeys(after) if member not in before]
        for member in gone:
            yield place.entry(member).difference(ValueChange(member, None), self.removed, reason)
        for member in new:
            yield place.entry(member).difference(ValueChange(None, member), self.added, reason)
        if not gone and not new:
            yield place.difference(change, "neutral", "The same entries in another order mean the same.")


@dataclass(frozen=True, slots=True)
class Entries:
    """An object whose keys people choose. Each value is compared below `*`."""

    empty: bool = False
    """Whether an entry that is not there means the same as one of which every key is null."""

    def differences(self, place: Place, change: ValueChange, reason: str, compare: Compare) -> Iterator[Difference]:
        before, after = change.before, change.after
        if not isinstance(before, Mapping) or not isinstance(after, Mapping):
            yield place.difference(change, "weaken", reason)
            return
        missing: Any = {} if self.empty else None
        for key in dict.fromkeys([*before, *after]):
            below = ValueChange(before.get(key, missing), after.get(key, missing), before, after)
            yield from compare(place.chosen(key), below)


Addition = Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]], ChangeClass]
"""The class of a new entry, by the entry, the list before and the list after."""


@dataclass(frozen=True, slots=True)
class NamedList:
    """A list of objects, each with a name of its own. Each is compared below `[]`."""

    name: str = "name"
    added: ChangeClass | Addition = "strengthen"
    removed: ChangeClass = "weaken"
    reordered: ChangeClass = "neutral"
    emptied: ChangeClass | None = None
    """Where it is graver that no entry is left than that each of them was removed."""

    def differences(self, place: Place, change: ValueChange, reason: str, compare: Compare) -> Iterator[Difference]:
        before, after = self.named(change.before), self.named(change.after)
        if before is None or after is None:
            yield place.difference(change, "weaken", DOUBTFUL)
            return
        if before and not after and self.emptied:
            yield place.difference(change, self.emptied, reason)
        for name in dict.fromkeys([*before, *after]):
            below = ValueChange(before.get(name), after.get(name))
            if name not in after:
                yield place.entry(name).difference(below, self.removed, reason)
            elif name not in before:
                judged = self._of_new(after[name], [*before.values()], [*after.values()])
                yield place.entry(name).difference(below, judged, reason)
            else:
                yield from Group().differences(place.entry(name), below, reason, compare)
        yield from self._order(place, list(before), list(after))

    def named(self, entries: Any) -> dict[str, Mapping[str, Any]] | None:
        """The entries by their names; None where that is not possible."""
        entries = _listed(entries)
        if entries is None or not all(isinstance(entry, Mapping) for entry in entries):
            return None
        names = [entry.get(self.name) for entry in entries]
        if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
            return None
        return dict(zip(names, entries, strict=True))

    def _of_new(
        self, entry: Mapping[str, Any], before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
    ) -> ChangeClass:
        return self.added(entry, before, after) if callable(self.added) else self.added

    def _order(self, place: Place, before: Sequence[str], after: Sequence[str]) -> Iterator[Difference]:
        kept = [name for name in before if name in after], [name for name in after if name in before]
        if kept[0] != kept[1]:
            why = REORDERED if self.reordered == "weaken" else "The order of these entries means nothing."
            yield place.difference(ValueChange(*kept), self.reordered, why)


def _listed(value: Any) -> list[Any] | None:
    """None counts as empty; None for what is not a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else None


def _is_plain(member: Any) -> bool:
    return isinstance(member, str | float | int) and not isinstance(member, bool)
