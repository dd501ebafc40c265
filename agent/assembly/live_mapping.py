"""A mapping as it is now, for whoever was handed it at the start and asks much later."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import TypeVar

T = TypeVar("T")


class LiveMapping(Mapping[str, T]):
    """Safe for threads where `current` gives a mapping that nobody changes: each loop sees one moment."""

    def __init__(self, current: Callable[[], Mapping[str, T]]) -> None:
        self._current = current

    def __getitem__(self, key: str) -> T:
        return self._current()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._current())

    def __len__(self) -> int:
        return len(self._current())

    def keys(self) -> KeysView[str]:
        return self._current().keys()

    def values(self) -> ValuesView[T]:
        return self._current().values()

    def items(self) -> ItemsView[str, T]:
        return self._current().items()
