"""Values of the state that were read, kept in memory, and before them those that are changed and not stored yet."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class KeptValues(Generic[T]):
    """For one thread at a time. `load`: reads a value that is not kept."""

    def __init__(self, load: Callable[[str], T], most: int) -> None:
        """`most`: values that are kept of what is stored."""
        self._load = load
        self._most = most
        self._stored: OrderedDict[str, T] = OrderedDict()
        self._changed: dict[str, T] = {}
        """Not stored yet: never dropped to make room."""

    def get(self, key: str) -> T:
        if key in self._changed:
            return self._changed[key]
        if key not in self._stored:
            self._keep(key, self._load(key))
        return self._stored[key]

    def change(self, values: Mapping[str, T]) -> Callable[[], None]:
        """These count from now on; returns what takes that back."""
        before = {key: self._changed[key] for key in values if key in self._changed}
        self._changed.update(values)

        def take_back() -> None:
            for key in values:
                if key in before:
                    self._changed[key] = before[key]
                else:
                    self._changed.pop(key, None)

        return take_back

    def settle(self) -> None:
        """All that was changed is stored."""
        for key, value in self._changed.items():
            self._keep(key, value)
        self._changed.clear()

    def forget(self) -> None:
        """Read everything again: what was changed may not have been stored."""
        self._stored.clear()
        self._changed.clear()

    def _keep(self, key: str, value: T) -> None:
        self._stored[key] = value
        self._stored.move_to_end(key)
        if len(self._stored) > self._most:
            self._stored.popitem(last=False)
