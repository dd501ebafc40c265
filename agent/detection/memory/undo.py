"""Taking back what a batch changed in memory: what it replaced is kept by reference, for what is remembered never changes itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import TypeVar

Undo = Callable[[], None]
"""Makes everything as it was. Of several, the last one must be called first."""

Key = TypeVar("Key")
Value = TypeVar("Value")


def replace_values(values: MutableMapping[Key, Value], changes: Mapping[Key, Value]) -> Undo:
    """Put `changes` into `values`; returns what puts back what was there."""
    before = {key: values[key] for key in changes if key in values}
    values.update(changes)

    def take_back() -> None:
        for key in changes:
            if key in before:
                values[key] = before[key]
            else:
                values.pop(key, None)

    return take_back
