"""In which direction a single value weakens. What cannot be compared weakens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.changes.classes.change_class import ChangeClass
from agent.changes.classes.magnitude import Reader


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A value that differs."""

    before: Any
    """None where it was not there."""
    after: Any
    beside_before: Mapping[str, Any] = field(default_factory=dict)
    """The object that it is a key of."""
    beside_after: Mapping[str, Any] = field(default_factory=dict)


Direction = Callable[[ValueChange], ChangeClass]


def any_weakens(change: ValueChange) -> ChangeClass:  # noqa: ARG001 - a direction
    return "weaken"


def any_is_neutral(change: ValueChange) -> ChangeClass:  # noqa: ARG001 - a direction
    return "neutral"


def removal_weakens(change: ValueChange) -> ChangeClass:
    """Another value is neutral."""
    return "weaken" if change.after is None else "neutral"


def addition_strengthens(change: ValueChange) -> ChangeClass:
    """A value where there was none; its removal and another value weaken."""
    return "strengthen" if change.before is None else "weaken"


def larger_weakens(read: Reader) -> Direction:
    """A smaller value strengthens."""

    def direction(change: ValueChange) -> ChangeClass:
        before, after = read(change.before), read(change.after)
        if before is None or after is None or after > before:
            return "weaken"
        return "strengthen" if after < before else "neutral"

    return direction


def smaller_weakens(read: Reader, larger: ChangeClass = "strengthen") -> Direction:
    """A larger value strengthens, or is what `larger` says."""

    def direction(change: ValueChange) -> ChangeClass:
        before, after = read(change.before), read(change.after)
        if before is None or after is None or after < before:
            return "weaken"
        return larger if after > before else "neutral"

    return direction


def only_to(value: Any) -> Direction:
    """A change to this value strengthens, any other weakens."""
    return lambda change: "strengthen" if change.after == value else "weaken"


def fewer_weakens(change: ValueChange) -> ChangeClass:
    """Lists taken as sets: more members strengthen, and other ones weaken, for one is missing then."""
    before, after = change.before, change.after
    if not isinstance(before, list) or not isinstance(after, list):
        return "weaken"
    if any(member not in after for member in before):
        return "weaken"
    return "strengthen" if any(member not in before for member in after) else "neutral"
